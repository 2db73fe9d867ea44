"""Learned state on disk, as data that runs no code: JSON, numeric arrays, text of boosters.

A folder holds `model.json` (everything but what follows, with a reference in its place),
`arrays.npz` (numeric arrays, never pickled) and one text file for each booster. `model.json` holds
the digests of the others and its own; they are checked before anything is parsed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from forewatch.errors import RegistryError, StaleModel
from models.register import Register, Version

FORMAT = 2
_MODEL, _ARRAYS = "model.json", "arrays.npz"
_ARRAY, _TEXT = "$array", "$text"  # keys that stand for what is kept beside model.json
_BOOSTER = "_booster"
_NUMERIC = "biuf"


@contextmanager
def restoring(what: str) -> Iterator[None]:
    """Say that a model is stale where its state does not fit the code that reads it.

    Args:
        what: the model, as the sentence names it.

    Raises:
        StaleModel: if other code wrote the state, with other settings or other parts.
    """
    try:
        yield
    except (KeyError, TypeError, ValidationError) as error:
        raise StaleModel(
            f"{what} was made by other code than is running ({type(error).__name__}: "
            f"{str(error).splitlines()[0]}); run 'forewatch train'"
        ) from error


def write_state(folder: Path, state: Mapping[str, Any]) -> None:
    """Write a state into a folder that is not there yet, all of it or nothing.

    Args:
        folder: where the state will stand.
        state: nested mappings and lists of JSON values, numeric arrays, and texts under keys that
            end in `_booster`.

    Raises:
        RegistryError: if the folder is there already.
        TypeError: if a value is none of these.
    """
    if folder.exists():
        raise RegistryError(f"{folder} is there already; artefacts are never overwritten")
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        arrays: dict[str, NDArray[Any]] = {}
        texts: dict[str, str] = {}
        packed = _pack(state, "state", arrays, texts)
        np.savez_compressed(made / _ARRAYS, allow_pickle=False, **arrays)
        for name, text in texts.items():
            (made / name).write_text(text, encoding="utf-8")
        digests = {name: _digest((made / name).read_bytes()) for name in (_ARRAYS, *texts)}
        model = {"format": FORMAT, "digests": digests, "state": packed}
        model["digest"] = _digest_of(model)
        (made / _MODEL).write_text(json.dumps(model, indent=1, allow_nan=False), encoding="utf-8")
        made.rename(folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def stop_if_unfit(state: Mapping[str, Any]) -> None:
    """Stop where a state holds what can't be kept.

    Raises:
        TypeError: if a value is no JSON value, array of numbers or booster's text.
        ValueError: if a number is not finite.
    """
    json.dumps(_pack(state, "state", {}, {}), allow_nan=False)


def read_state(folder: Path) -> dict[str, Any]:
    """Return the state that `write` wrote.

    Raises:
        RegistryError: if the folder holds no artefacts, or they are not what was written.
        StaleModel: if they are of another format than this code reads.
    """
    try:
        model = json.loads((folder / _MODEL).read_bytes())
    except FileNotFoundError as error:
        raise RegistryError(f"{folder} holds no model: {_MODEL} is missing; train again") from error
    except ValueError:
        raise _damage(_MODEL) from None
    if not isinstance(model, dict):
        raise _damage(_MODEL)
    if model.get("format") != FORMAT:
        raise StaleModel(
            f"the model in {folder} has format {model.get('format')}, this code reads {FORMAT}; "
            "run 'forewatch train'"
        )
    if model.pop("digest", None) != _digest_of(model):
        raise _damage(_MODEL)
    for name, digest in model["digests"].items():
        path = folder / Path(name).name
        if not path.is_file() or _digest(path.read_bytes()) != digest:
            raise _damage(name)
    with np.load(folder / _ARRAYS, allow_pickle=False) as kept:
        arrays = {name: kept[name] for name in kept.files}
    state: dict[str, Any] = _unpack(model["state"], folder, arrays)
    return state


def read_version(register: Register, version: Version) -> dict[str, Any]:
    """Return the state of a version as it was logged.

    Raises:
        RegistryError: if the version is retired, or its files are gone or damaged.
        StaleModel: if they are of another format than this code reads.
    """
    with register.state_folder(version) as folder:
        return read_state(folder)


def _damage(name: str) -> RegistryError:
    return RegistryError(
        f"{name} of the model is not what was written; choose another version with 'forewatch "
        "models list', or run 'forewatch train'"
    )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _digest_of(model: Mapping[str, Any]) -> str:
    return _digest(json.dumps(model, sort_keys=True).encode())


def _pack(
    value: Any,  # noqa: ANN401 - a state is any JSON value, array or booster
    path: str,
    arrays: dict[str, NDArray[Any]],
    texts: dict[str, str],
) -> Any:  # noqa: ANN401
    """Return the value with arrays and boosters moved aside under the name of their path."""
    if isinstance(value, Mapping):
        return {str(key): _pack(v, f"{path}.{key}", arrays, texts) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_pack(v, f"{path}.{i}", arrays, texts) for i, v in enumerate(value)]
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in _NUMERIC:
            raise TypeError(f"{path} is an array of {value.dtype}; only numbers are kept")
        arrays[path] = value
        return {_ARRAY: path}
    if isinstance(value, str) and _BOOSTER in path:
        texts[f"{path}.txt"] = value
        return {_TEXT: f"{path}.txt"}
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"{path} is a {type(value).__name__}; a state holds JSON values and arrays")


def _unpack(value: Any, folder: Path, arrays: Mapping[str, NDArray[Any]]) -> Any:  # noqa: ANN401
    """Return the value with arrays and boosters back in their places."""
    if isinstance(value, list):
        return [_unpack(v, folder, arrays) for v in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {_ARRAY}:
        return arrays[value[_ARRAY]]
    if set(value) == {_TEXT}:
        return (folder / Path(value[_TEXT]).name).read_text(encoding="utf-8")
    return dict(_items(value, folder, arrays))


def _items(
    value: Mapping[str, Any], folder: Path, arrays: Mapping[str, NDArray[Any]]
) -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        yield key, _unpack(inner, folder, arrays)
