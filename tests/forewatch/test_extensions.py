"""Packages of the force's own: found by name, and refused in words that say what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from forewatch import extensions
from forewatch.errors import SettingsError
from forewatch.extensions import FEATURES, MEMBERS, Extensions

CODE = """
class Good:
    name = "good"
number = 3
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder from which packages can be imported."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def package(folder: Path, name: str, points: str, code: str = CODE) -> str:
    """Install a package with entry points, as an installer would leave it."""
    module = name.replace("-", "_")
    (folder / f"{module}.py").write_text(code)
    metadata = folder / f"{module}-1.2.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
    (metadata / "entry_points.txt").write_text(points.replace("MODULE", module))
    return name


def member(name: str, target: str = "Good") -> str:
    return f"[forewatch.members]\n{name} = MODULE:{target}\n"


def test_what_a_named_package_adds_is_found_by_name(install: Path) -> None:
    one = package(install, "add-one", member("one"))
    package(install, "add-two", member("two"))
    assert extensions.names(MEMBERS, (one,)) == ("one",)
    assert [*extensions.additions(MEMBERS, (one,), type)] == ["one"]
    assert extensions.names(FEATURES, (one,)) == ()
    assert extensions.versions((one,)) == {"add-one": "1.2"}


def test_code_of_a_package_that_is_not_named_never_runs(install: Path) -> None:
    ran = install / "ran"
    code = f"open({str(ran)!r}, 'w').close()\n{CODE}"
    sly = package(install, "add-sly", member("sly"), code)
    fair = package(install, "add-fair", member("fair"))
    extensions.additions(MEMBERS, (fair,), type)
    assert extensions.names(MEMBERS, (sly, fair)) == ("sly", "fair")
    assert not ran.exists()
    extensions.additions(MEMBERS, (sly,), type)
    assert ran.exists()  # the test itself can fail


def test_a_package_that_is_not_installed_is_named() -> None:
    with pytest.raises(SettingsError, match="names no-such-thing, which isn't installed beside"):
        extensions.names(MEMBERS, ("no-such-thing",))


def test_a_package_that_adds_nothing_is_named() -> None:
    with pytest.raises(SettingsError, match="names numpy, which adds nothing to Forewatch"):
        extensions.names(MEMBERS, ("numpy",))


def test_two_of_one_name_are_refused(install: Path) -> None:
    both = tuple(package(install, f"add-same-{i}", member("same")) for i in "ab")
    with pytest.raises(SettingsError, match="add-same-a and add-same-b both add 'same'"):
        extensions.names(MEMBERS, both)


@pytest.mark.parametrize(
    ("target", "code", "message"),
    [
        ("Nothing", CODE, r"MODULE:Nothing of add-bad .* can't be loaded: AttributeError"),
        ("Good", "import no_such_module", "can't be loaded: ModuleNotFoundError"),
        ("Good", "raise SystemExit(0)", "can't be loaded: SystemExit: 0"),
        ("Good", "1 / 0", "can't be loaded: ZeroDivisionError: division by zero"),
        ("number", CODE, "is no class but int; see docs/guides/extending.md"),
    ],
)
def test_what_can_not_be_loaded_says_whose_it_is(
    install: Path, target: str, code: str, message: str
) -> None:
    bad = package(install, f"add-bad-{abs(hash((target, code)))}", member("bad", target), code)
    wanted = message.replace("MODULE", bad.replace("-", "_")).replace("add-bad ", f"{bad} ")
    with pytest.raises(SettingsError, match=wanted):
        extensions.additions(MEMBERS, (bad,), type)


def test_what_needs_a_package_stops_without_it(install: Path) -> None:
    here = package(install, "add-here", member("here"))
    extensions.stop_without([here], (here,), "the model")
    with pytest.raises(SettingsError, match="the model was made with add-here, which extensions"):
        extensions.stop_without([here], (), "the model")
    with pytest.raises(SettingsError, match="add-gone, which isn't installed"):
        extensions.stop_without(["add-gone"], ("add-gone",), "the model")


def test_names_are_compared_as_installers_do() -> None:
    assert Extensions(packages=("Add_One.two",)).packages == ("add-one-two",)


@pytest.mark.parametrize(
    ("packages", "message"),
    [
        (["a b"], "no name of a package"),
        (["../up"], "no name of a package"),
        (["theta==1.0"], "no name of a package; write it as it was installed, without version"),
        (["Theta", "theta"], "packages holds a name twice: theta, theta"),
    ],
)
def test_what_is_no_name_is_refused(packages: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Extensions.model_validate({"packages": packages})
