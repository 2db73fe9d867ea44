import json
from pathlib import Path

import numpy as np
import pytest

from forewatch.errors import RegistryError, StaleModel
from models import artefacts

STATE = {
    "name": "a",
    "settings": {"rows": 3, "share": 0.5, "late": None, "on": True},
    "vector": np.arange(3.0),
    "whole": np.array([[1, 2]], dtype=np.int64),
    "series": [["force", "all"], ["d0", "t1"]],
    "nested": {"1": np.array([np.nan, 1.0])},
    "trees": {"leads_0_booster": "tree\nleaf=1\n"},
}


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    artefacts.write_state(tmp_path / "m" / "model", STATE)
    found = artefacts.read_state(tmp_path / "m" / "model")
    assert found["settings"] == STATE["settings"]
    assert found["series"] == STATE["series"]
    assert found["trees"] == STATE["trees"]
    assert found["whole"].dtype == np.int64
    np.testing.assert_array_equal(found["vector"], np.arange(3.0))
    np.testing.assert_array_equal(found["nested"]["1"], [np.nan, 1.0])


def test_a_folder_holds_json_numbers_and_text_only(tmp_path: Path) -> None:
    artefacts.write_state(tmp_path / "model", STATE)
    names = sorted(path.name for path in (tmp_path / "model").iterdir())
    assert [name for name in names if not name.endswith(".txt")] == ["arrays.npz", "model.json"]
    texts = [(tmp_path / "model" / n).read_text() for n in names if n.endswith(".txt")]
    assert texts == ["tree\nleaf=1\n"]
    with np.load(tmp_path / "model" / "arrays.npz", allow_pickle=False) as kept:
        assert len(kept.files) == 3


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (np.array([{}], dtype=object), "state.x is an array of object; only numbers are kept"),
        (np.array(["a"]), "state.x is an array of <U1; only numbers are kept"),
        ({1, 2}, "state.x is a set; a state holds JSON values and arrays"),
    ],
)
def test_what_could_run_code_or_is_no_data_is_refused(
    tmp_path: Path, bad: object, said: str
) -> None:
    with pytest.raises(TypeError, match=said):
        artefacts.write_state(tmp_path / "model", {"x": bad})
    assert list(tmp_path.iterdir()) == []  # nothing is left half-written


def test_not_a_number_outside_of_arrays_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        artefacts.write_state(tmp_path / "model", {"x": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_artefacts_are_never_overwritten(tmp_path: Path) -> None:
    artefacts.write_state(tmp_path / "model", {"x": 1})
    with pytest.raises(RegistryError, match="is there already; artefacts are never overwritten"):
        artefacts.write_state(tmp_path / "model", {"x": 2})
    assert artefacts.read_state(tmp_path / "model") == {"x": 1}


def test_another_format_is_stale_and_an_empty_folder_no_model(tmp_path: Path) -> None:
    artefacts.write_state(tmp_path / "model", {"x": 1})
    path = tmp_path / "model" / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99}))
    with pytest.raises(StaleModel, match="has format 99, this code reads 2; run 'forewatch train'"):
        artefacts.read_state(tmp_path / "model")
    with pytest.raises(RegistryError, match="holds no model"):
        artefacts.read_state(tmp_path)


def test_a_file_that_was_changed_or_lost_is_refused_before_it_is_read(tmp_path: Path) -> None:
    artefacts.write_state(tmp_path / "model", STATE)
    for path in (tmp_path / "model").iterdir():
        whole = path.read_bytes()
        for at in (0, len(whole) // 2, len(whole) - 1):
            changed = bytearray(whole)
            changed[at] ^= 4
            path.write_bytes(changed)
            with pytest.raises((RegistryError, StaleModel)):
                artefacts.read_state(tmp_path / "model")
        path.unlink()
        with pytest.raises(RegistryError):
            artefacts.read_state(tmp_path / "model")
        path.write_bytes(whole)
    assert artefacts.read_state(tmp_path / "model")["trees"] == STATE["trees"]
