"""Use case: a report on what was imported, and its gaps as a file that can be imported."""

from __future__ import annotations

from pathlib import Path

from forewatch.durable import write_file
from forewatch.duty import stop_at_unusable_staffing
from forewatch.errors import DamagedIssue, ForewatchError, NoIssue, SettingsError
from forewatch.outlines import current_outlines
from forewatch.staffing import Staffing
from forewatch.tables import SHAPES
from serving.fitness import settings_changes
from serving.view_answers import view_faults
from serving.workspace import Workspace
from sources.check import Report
from sources.check import check as look
from sources.gap_windows import as_csv
from sources.sections import SHOWN, Section


def check_report(
    workspace: Workspace, *, everything: bool = False, gaps_file: Path | None = None
) -> Report:
    """Return the report on a workspace's history.

    Args:
        workspace: the force's.
        everything: whether lists are printed in full.
        gaps_file: where to write the gaps, for `forewatch import unobserved`; None: nowhere.

    Raises:
        SettingsError: if there is such a file already, or it can't be written.
    """
    if gaps_file is not None and gaps_file.exists():
        raise SettingsError(
            f"{gaps_file} is there already, and may hold windows that somebody looked through; "
            "give another name, or remove it first"
        )
    _stop_if_packages_fail(workspace)
    sections = (
        _in_service(workspace), _views(workspace), _staffing(workspace), _outlines(workspace)
    )  # fmt: skip
    others = [each for each in sections if each]
    report = look(workspace.lake(), workspace.profile, everything=everything, others=others)
    if gaps_file is not None:
        try:
            write_file(gaps_file, as_csv(report.gaps).encode())
        except OSError as error:
            raise SettingsError(
                f"{gaps_file} can't be written: {error.strerror}; give another place"
            ) from error
    return report


def _stop_if_packages_fail(workspace: Workspace) -> None:
    """Load what the force's own packages add, as the next training will; SettingsError if it fails.

    Subjects are loaded where the settings are read.
    """
    if packages := workspace.profile.extensions.packages:
        from features.catalogue import PLACE_AND_TIME  # noqa: PLC0415 - most forces have none
        from features.package_makers import package_makers  # noqa: PLC0415
        from models.members import members  # noqa: PLC0415

        members(packages)
        package_makers(packages, PLACE_AND_TIME)


def _views(workspace: Workspace) -> Section | None:
    """Return which views can't be asked; None where there is none."""
    if not (views := workspace.settings().views):
        return None
    faults = view_faults(workspace)
    line = f"{len(views)}: {', '.join(view.id for view in views)}"
    return Section("Views", (line, *faults), warnings=faults)


def _staffing(workspace: Workspace) -> Section | None:
    """Return whether [staffing] fits the areas; None where there is none, or no areas yet."""
    staffing = workspace.profile.staffing
    if staffing == Staffing():
        return None
    try:
        tree = workspace.tree()
    except ForewatchError:
        return None  # the check of the history says so itself
    line = f"roles {', '.join(staffing.role_ids)}; percentile {staffing.percentile}"
    try:
        stop_at_unusable_staffing(workspace.profile, tree)
    except SettingsError as error:
        return Section("Staffing", (line, str(error)), warnings=(str(error),))
    return Section("Staffing", (line,))


def _outlines(workspace: Workspace) -> Section | None:
    """Return which areas have an outline to be drawn; None where there are no areas yet."""
    try:
        tree, outlines = workspace.tree(), workspace.lake().table(SHAPES.name)
    except ForewatchError:
        return None  # the check of the history says so itself
    title = "Outlines of areas"
    if outlines is None:
        return Section(title, ("none: maps show tiles; 'forewatch import shapes' takes them in",))
    drawn = set(current_outlines(outlines, tree)["area"])
    lines = [
        f"{level}: {len(drawn.intersection(here))} of {len(here)}"
        for level in tree.levels
        if (here := tree.at_level(level))
    ]
    # A level without any is drawn in tiles; one with some lacks areas on its map.
    lacking = [
        area
        for level in tree.levels
        for area in tree.at_level(level)
        if area not in drawn and drawn.intersection(tree.at_level(level))
    ]
    old = sorted(set(outlines["area"]) - drawn)
    warnings = [
        f"{len(areas)} {what}: {', '.join(areas[:SHOWN])}{' …' * (len(areas) > SHOWN)}; {how}"
        for areas, what, how in (
            (lacking, "areas of a level that is drawn have no outline", "import theirs"),
            (old, "outlines are of areas that changed since", "import the shapes again"),
        )
        if areas
    ]
    return Section(title, tuple(lines), warnings=tuple(warnings))


def _in_service(workspace: Workspace) -> Section | None:
    """Return what the issue in service was not made with; None while there is no issue."""
    store = workspace.issues()
    if not store.numbers():
        return None
    title = "Issue in service"
    try:
        issue = store.latest()
        changed = list(settings_changes(issue, workspace.profile))
        if issue.tree != workspace.tree():
            changed.append(
                f"the areas changed since issue {issue.number} was published; train again, then "
                "run 'forewatch issue'"
            )
    except (NoIssue, DamagedIssue) as error:
        return Section(title, (str(error),), warnings=(str(error),))
    except ForewatchError:
        return None  # without areas there is nothing to compare with; the check says so itself
    made = "made with the settings and areas of now" if not changed else "made with others"
    line = f"issue {issue.number} of {issue.published_at:%Y-%m-%d %H:%M} UTC, {made}"
    return Section(title, (line,), warnings=tuple(changed))
