"""Where MLflow keeps its tables and its files: in a folder that may be moved, or at a server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from models.relocation import relocate

_DATABASE = "mlflow.db"


@dataclass(frozen=True)
class Store:
    """Where MLflow keeps its tables and its files; artefacts None leaves that to a server."""

    uri: str
    artefacts: str | None = None

    @classmethod
    def at(cls, place: str) -> Store:
        """Return the store at a tracking server's address, or in a folder, made if absent."""
        if "://" in place:
            return cls(place)
        folder = Path(place).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        files = (folder / "artifacts").as_uri()
        relocate(folder / _DATABASE, files)
        return cls(f"sqlite:///{folder / _DATABASE}", files)

    @property
    def folder(self) -> Path | None:
        """The folder of the tables and the files, None for a server's."""
        return None if self.artefacts is None else file_path(self.artefacts).parent

    @property
    def database(self) -> Path | None:
        """The file of MLflow's tables, None for a server's."""
        return None if self.folder is None else self.folder / _DATABASE


def file_path(address: str) -> Path:
    """Return the path that a file's address names.

    >>> file_path("file:///srv/my%20force/mlruns").as_posix()
    '/srv/my force/mlruns'
    """
    return Path(url2pathname(urlsplit(address).path))
