"""The one tree of errors: each message says what is wrong, what was found, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ForewatchError(Exception):
    """Anything Forewatch refuses, with a message for the person who can mend it."""

    def __reduce__(self) -> tuple[object, ...]:
        """Return what makes it anew in another process, whatever its constructor takes."""
        return _again, (type(self), self.args, self.__dict__)


def _again(
    kind: type[ForewatchError], args: tuple[object, ...], held: dict[str, object]
) -> ForewatchError:
    """Return an error as it was."""
    error = kind.__new__(kind, *args)
    error.__dict__.update(held)
    return error


class DataError(ForewatchError):
    """A source broke the contract of its frame or file."""


class MissingColumns(DataError):
    """A frame or file lacks columns that its contract names."""


class UnmappedCodes(DataError):
    """A source used codes that the mapping does not know; the import stops."""


class PersonalData(DataError):
    """A source offered a column about persons, or free text; it is refused by name."""


class ImplausibleImport(DataError):
    """A file was read, and what came of it can hardly be meant; it needs a named confirmation."""

    def __init__(self, message: str, doubts: str = "") -> None:
        """Keep what was found alone, for senders who can neither confirm nor look into files."""
        self.doubts = doubts
        super().__init__(message)


class FutureLeak(DataError):
    """Something known only after the origin was asked for."""


class DamagedIssue(DataError):
    """A published issue can't be read, or is not what was published."""


class DamagedHistory(DataError):
    """A file of the history is not what was written; nothing is read from it."""


class NotEnoughHistory(DataError):
    """The history as known at the origin is too short for what was asked."""


class DatabaseUnusable(ForewatchError):
    """The workspace's database is damaged, locked by another, or not one of this version's."""


class LakeBusy(ForewatchError):
    """Another process is changing the same history."""


class SettingsError(ForewatchError):
    """The profile, a mapping, a recipe or an option can't be used as written."""


class UnknownName(ForewatchError):
    """A name is not in the force's profile; near names are offered."""

    def __init__(self, what: str, name: str, known: Iterable[str], near: int = 3) -> None:
        """Keep the near names for machines beside the message for people.

        Args:
            what: the kind of thing, as a person would say it ("area").
            name: the name that was asked for.
            known: the names that exist.
            near: how many near names to offer at most.
        """
        names = list(known)
        folded = {other.casefold(): other for other in names}
        found = difflib.get_close_matches(name.casefold(), folded, n=near, cutoff=0.4)
        self.near = tuple(folded[other] for other in found) or tuple(names[:near])
        self.name = name
        offered = f"near names: {', '.join(self.near)}" if self.near else "there is none"
        super().__init__(f"no {what} {name!r}; {offered}")


class UnknownArea(UnknownName):
    """An area that the force's tree does not have."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        """Offer the near areas."""
        super().__init__("area", name, known)


class UnknownCallType(UnknownName):
    """A call type that the force's profile does not have."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        """Offer the near call types."""
        super().__init__("call type", name, known)


class UnknownGrade(UnknownName):
    """A grade that the force's profile does not have."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        """Offer the near grades."""
        super().__init__("grade", name, known)


class UnknownRole(UnknownName):
    """A role of officers that the force's profile does not have."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        """Offer the near roles."""
        super().__init__("role", name, known)


class UnknownView(UnknownName):
    """A view that forewatch.toml does not have."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        """Offer the near views."""
        super().__init__("view", name, known)


class UnknownAccount(UnknownName):
    """An account that the workspace does not have."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        """Offer the near accounts."""
        super().__init__("account", name, known)


class UnknownColumn(UnknownName):
    """A column that an answer does not have."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        """Offer the near columns."""
        super().__init__("column", name, known)


class UnknownIssue(ForewatchError):
    """An issue number that was never published here."""


class NoIssue(ForewatchError):
    """Nothing has been published yet."""


class NotExplained(ForewatchError):
    """An issue was published without what explains its forecasts."""


class BadQuestion(ForewatchError):
    """A question about a forecast can't be answered as asked (week, span, step, quantile)."""


class UnknownWeek(BadQuestion):
    """A text that is no ISO week; near ones are offered."""

    def __init__(self, message: str, near: Iterable[str] = ()) -> None:
        """Keep the near weeks for machines beside the message for people."""
        self.near = tuple(near)
        super().__init__(f"{message}; near: {', '.join(self.near)}" if self.near else message)


class RefusedUpload(BadQuestion):
    """What was sent can't be taken; nothing of it is."""


class TooCostly(BadQuestion):
    """A question would take more work than one may."""


class LimitReached(ForewatchError):
    """Somebody asks more than a key may, at a time or a minute."""

    def __init__(self, message: str, retry_after_seconds: int = 1) -> None:
        """Keep when to ask again."""
        self.retry_after_seconds = retry_after_seconds
        super().__init__(message)


class Overloaded(ForewatchError):
    """The service has more to do than it can, or lost what it was doing."""

    def __init__(self, message: str, retry_after_seconds: int = 1) -> None:
        """Keep when to ask again."""
        self.retry_after_seconds = retry_after_seconds
        super().__init__(message)


class DrawingUnavailable(ForewatchError):
    """A chart can't be drawn, or not in time; its summary and its table say the same."""


class TypesettingFailed(ForewatchError):
    """A sheet of paper can't be set, or not in time; the page shows the same."""


class NotFitted(ForewatchError):
    """A model was asked to forecast before it was fitted."""


class RegistryError(ForewatchError):
    """The model registry can't do what was asked."""


class NoChampion(RegistryError):
    """No model version is promoted."""


class StaleModel(RegistryError):
    """A model was made by another artefact format than the running code reads."""


class GateClosed(RegistryError):
    """The gate refused a promotion; a reason is needed to force it."""


class AccessError(ForewatchError):
    """An API key is missing, unknown, revoked, or lacks the scope."""


class MissingScope(AccessError):
    """An API key is good, but not for what was asked."""


class OutOfReach(AccessError):
    """An API key is good, but only for some areas, and what was asked is of more than these."""


class MissingRole(AccessError):
    """An account is good, but its role isn't enough for what was asked."""


class ForeignForm(AccessError):
    """A form was sent by something else than a page of ours in the same browser."""


class RefusedOften(AccessError):
    """So many keys of one address were refused that it has to wait."""

    def __init__(self, wait_seconds: int) -> None:
        """Say how long."""
        self.retry_after_seconds = wait_seconds
        super().__init__(
            "too many API keys from this address were refused; a good key is answered at once, the "
            f"next wrong one in {wait_seconds} seconds"
        )
