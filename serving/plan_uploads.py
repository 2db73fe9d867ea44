"""Use case: a plan of duty that a rota system sends, imported once however often it is sent.

1. What was sent becomes a file and is imported as `forewatch import plan` does: codes, versions,
   quarantine and refusals are the same, and so is the lock that keeps two imports apart.
2. The receipt is kept under the sender's key and `Idempotency-Key`. The same again is answered with
   it and changes nothing; another content under that name is refused.
3. Where a crash came between the import and its receipt, the import is done again: rows that say
   what is known already add nothing.

Where the workspace has `rota-plan.toml`, it is the mapping: the duty system's own codes, dated.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from time import time
from typing import Any

from forewatch.durable import OWNER_ONLY, write_file
from forewatch.errors import (
    DamagedHistory,
    DataError,
    ImplausibleImport,
    OutOfReach,
    RefusedUpload,
    SettingsError,
    UnknownName,
)
from serving.importing import import_table_file
from serving.reach import Reach
from serving.workspace import Workspace
from sources.table_mapping import TableMapping, read_mapping

MAPPING = "rota-plan.toml"
_FOLDER = "plan-uploads"
_STRENGTH = re.compile(r"(more than the force has) \([\d,]+\)")  # of the whole force
_KEPT_SECONDS = 30 * 86_400  # for so long a sender may ask again

Cell = str | int | float | bool | None


@dataclass(frozen=True)
class PlanUpload:
    """A plan as it was sent.

    Args:
        sender: id of the key.
        name: the `Idempotency-Key`.
        rows: each a table of columns of `forewatch import plan`.
        reach: the areas that the sender may write.
    """

    sender: str
    name: str
    rows: Sequence[Mapping[str, Cell]]
    reach: Reach

    @property
    def sha256(self) -> str:
        """The digest of the content."""
        return sha256(json.dumps(self.rows, sort_keys=True).encode()).hexdigest()


def take_plan(root: Path, upload: PlanUpload) -> tuple[dict[str, Any], bool]:
    """Return the receipt of a plan, and whether it was taken before.

    Args:
        root: folder of the workspace.
        upload: what was sent.

    Raises:
        RefusedUpload: if nothing of it can be taken, or the name was used for another content.
        OutOfReach: if a row is of an area that the sender may not write.
        LakeBusy: if another process is changing the history.
    """
    workspace = Workspace(root)
    folder = root / _FOLDER
    record = folder / f"{sha256(f'{upload.sender} {upload.name}'.encode()).hexdigest()}.json"
    with workspace.locked(_FOLDER):
        if record.exists():
            held = json.loads(record.read_bytes())
            if held["sha256"] != upload.sha256:
                raise RefusedUpload(
                    f"the Idempotency-Key {upload.name[:80]!r} was used for another plan; send a "
                    "new plan under a new one"
                )
            return held["receipt"], True
        receipt = _imported(workspace, upload)
        content = json.dumps({"sha256": upload.sha256, "receipt": receipt}, indent=1)
        folder.mkdir(mode=0o700, exist_ok=True)
        write_file(record, content.encode(), OWNER_ONLY)
        _forget_old(folder)
    return receipt, False


def _imported(workspace: Workspace, upload: PlanUpload) -> dict[str, Any]:
    # What is wrong with the settings is not the sender's to mend.
    _, path = workspace.profile, workspace.root / MAPPING
    mapping = path if path.exists() else None
    how = read_mapping(mapping, TableMapping)
    try:
        rows = _rows_within(workspace, upload, how)
        with tempfile.TemporaryDirectory(dir=workspace.root, prefix=".plan-") as folder:
            file = Path(folder) / f"plan-of-{upload.sender}.csv"
            write_file(file, _csv(rows), OWNER_ONLY)
            seen = None if upload.reach.is_whole else upload.reach.seen(workspace.tree())
            receipt = import_table_file(workspace, "plan", file, mapping, areas=seen)
    except DamagedHistory:
        raise
    except ImplausibleImport as error:
        # The sender can't look into the quarantine, and nobody confirms over HTTP.
        raise RefusedUpload(
            f"{error.doubts}; nothing of the plan was taken. Mend these rows and send it again"
        ) from error
    except SettingsError as error:
        # What a mapping leads to, and could lead to, is of the whole force.
        said = f"{MAPPING} can't be used; a person with a key for all areas has to mend it"
        raise RefusedUpload(str(error) if upload.reach.is_whole else said) from error
    except (DataError, UnknownName) as error:
        raise RefusedUpload(str(error)) from error
    found = asdict(receipt)
    if not upload.reach.is_whole:
        found["quarantined"] = {
            _STRENGTH.sub(r"\1", reason): rows for reason, rows in found["quarantined"].items()
        }
    return {
        name: found[name] for name in ("rows", "taken", "unchanged", "superseded", "quarantined")
    } | {"filtered": sum(receipt.filtered.values()), "notes": list(receipt.notes)}


def _rows_within(
    workspace: Workspace, upload: PlanUpload, how: TableMapping
) -> Sequence[Mapping[str, Cell]]:
    """Return the rows, for a sender of some areas with ids that are certainly of those."""
    if upload.reach.is_whole:
        return upload.rows
    column = how.columns.get("area", "area")
    if how.crosswalk.get("area", "identity") != "identity" or "area" in how.constants:
        raise OutOfReach(
            f"{MAPPING} gives areas codes of their own, and this key is for the areas "
            f"{upload.reach.text} only; send the plan with a key for all areas"
        )
    tree = workspace.tree()
    ids = {}
    for text in {str(row.get(column) or "") for row in upload.rows}:
        if not text:
            raise RefusedUpload(f"a row lacks {column}; name the area of each")
        found = upload.reach.area_ids(tree, [text])
        if len(found) != 1 or text not in (found[0], tree.area(found[0]).name):
            raise RefusedUpload(f"{column} {text!r} is no area; name one by its id or name")
        ids[text] = found[0]
    return [{**row, column: ids[str(row.get(column))]} for row in upload.rows]


def _csv(rows: Sequence[Mapping[str, Cell]]) -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _forget_old(folder: Path) -> None:
    for record in folder.glob("*.json"):
        if time() - record.stat().st_mtime > _KEPT_SECONDS:
            record.unlink(missing_ok=True)
