"""What is shipped is what is in the checkout, from the lock alone, under names that are ours."""

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SHIPPED = PROJECT["tool"]["uv"]["build-backend"]["module-name"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")

# Built from pieces, so that this file doesn't name what it looks for.
REGISTRY_HOSTS = re.compile(
    "|".join(
        r"\.".join(pieces)
        for pieces in (
            ("python" + "hosted", "org"),
            ("py" + "pi", "org"),
            ("registry", "npm" + "js", "org"),
            ("deb", "deb" + "ian", "org"),
            ("crates", "io"),
            ("proxy", "go" + "lang", "org"),
        )
    ),
    re.IGNORECASE,
)
PICKLES = re.compile(
    r"^\s*(?:import|from)\s+(?:pickle|cloudpickle|dill|skops|shelve)\b"
    r"|\b(?:pickle|cloudpickle|dill)\.(?:loads?|dumps?)\b"
    r"|\bjoblib\.(?:load|dump)\b|\.to_pickle\(|\bread_pickle\(|allow_pickle\s*=\s*True",
    re.MULTILINE,
)


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git in the checkout; skip where this is an unpacked archive rather than a checkout."""
    if not (ROOT / ".git").exists():
        pytest.skip("needs a git checkout")
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def tracked_texts() -> dict[str, str]:
    """Every tracked file that holds text, by its path in the checkout."""
    names = git("ls-files", "-z").stdout.split("\0")
    contents = {name: (ROOT / name).read_bytes() for name in names if (ROOT / name).is_file()}
    return {
        name: content.decode("utf-8", errors="replace")
        for name, content in contents.items()
        if b"\0" not in content
    }


def modules() -> dict[str, str]:
    """Every module of the packages, by its path in the checkout."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for package in SHIPPED
        for path in (ROOT / package).rglob("*.py")
    }


def test_every_package_in_the_checkout_is_shipped() -> None:
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} == set(SHIPPED)


def test_the_wheel_holds_every_module_and_every_data_file_of_the_packages(tmp_path: Path) -> None:
    subprocess.run(
        [Path(sys.executable).with_name("uv-build"), "build-wheel", tmp_path],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        built = {name for name in archive.namelist() if ".dist-info/" not in name}
        metadata = next(name for name in archive.namelist() if name.endswith("/METADATA"))
        licence = metadata.replace("METADATA", "licenses/LICENSE")
        assert archive.read(licence) == (ROOT / "LICENSE").read_bytes()
    files = {
        path.relative_to(ROOT).as_posix()
        for package in SHIPPED
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in built if not name.endswith("/")} == files


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {Path(name).parent for name in modules()}
    assert [
        folder for folder in sorted(folders) if not (ROOT / folder / "__init__.py").exists()
    ] == []


def test_no_other_distribution_provides_our_packages() -> None:
    providers = packages_distributions()
    others = {name: set(providers.get(name, ())) - {"forewatch"} for name in SHIPPED}
    assert {name: found for name, found in others.items() if found} == {}


def test_no_package_stands_under_tests() -> None:
    assert sorted((ROOT / "tests").rglob("__init__.py")) == []


def test_the_lock_pins_by_version_and_hash_and_holds_no_address() -> None:
    requirements = [line for line in LOCK.splitlines() if re.match(r"[A-Za-z0-9]", line)]
    assert requirements
    assert [line for line in requirements if not re.match(r"[a-z0-9.\-]+==\S+ ", line)] == []
    entries = re.split(r"\n(?=[a-z0-9])", LOCK)[1:]
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    options = r"^\s*(?:--(?:index|extra-index|find-links|trusted)|-[if]\b).*$"
    assert re.findall(rf"https?://|file:|git\+|{options}", LOCK, re.MULTILINE) == []


def test_the_lock_holds_every_dependency_of_the_project() -> None:
    locked = set(re.findall(r"^([a-z0-9.\-]+)==", LOCK, re.MULTILINE))
    wanted = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]
    names = {re.split(r"[<>=!~\[; ]", line)[0].lower().replace("_", "-") for line in wanted}
    assert names - locked == set()


def test_git_ignores_no_room() -> None:
    rooms = [*SHIPPED, "tests", "docs", "notebooks", "benchmarks", "mlruns/README.md"]
    inside = [f"{room}/new.py" for room in SHIPPED]
    assert git("check-ignore", "--no-index", *rooms, *inside).stdout == ""


def test_git_ignores_the_store_of_mlflow() -> None:
    ignored = git("check-ignore", "--no-index", "mlruns/mlflow.db", "mlruns/artifacts/1/model.txt")
    assert ignored.stdout.splitlines() == ["mlruns/mlflow.db", "mlruns/artifacts/1/model.txt"]


def test_no_tracked_file_names_a_registry_host() -> None:
    found = {name: REGISTRY_HOSTS.findall(text) for name, text in tracked_texts().items()}
    assert {name: hosts for name, hosts in found.items() if hosts} == {}


def test_no_module_pickles() -> None:
    found = {name: PICKLES.findall(text) for name, text in modules().items()}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "    from cloudpickle import dumps",
        "joblib.dump(model, path)",
        "frame.to_pickle(path)",
        "np.load(path, allow_pickle=True)",
    ],
)
def test_the_search_for_pickles_would_find_one(code: str) -> None:
    assert PICKLES.search(code)


def test_the_search_for_registry_hosts_would_find_one() -> None:
    assert REGISTRY_HOSTS.search("see https://" + "py" + "pi" + ".org" + "/simple")
