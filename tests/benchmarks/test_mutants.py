"""Small faults are put where the code compares, reckons, joins, counts and returns, one a time."""

from __future__ import annotations

from pathlib import Path

from benchmarks.mutants import _EQUIVALENT
from benchmarks.mutations import Mutant, drawn, mutants_of

CODE = '''
"""Words 7 are left alone."""
@cached(1)
def half(n: int = 2) -> float:
    if n < 0 and not ready:
        return None
    return n / 2
'''


def test_each_mutant_has_one_change_and_can_be_run() -> None:
    found = list(mutants_of("half.py", CODE))
    assert sorted(each.change for each in found) == [
        "0 -> 1",
        "2 -> 3",
        "2 -> 3",
        "n / 2 -> n * 2",
        "n < 0 -> n <= 0",
        "n < 0 and (not ready) -> n < 0 or not ready",
        "not ready -> ready",
        "return n / 2 -> return None",
    ]
    for each in found:
        text = each.applied(CODE)
        compile(text, each.file, "exec")
        assert "Words 7" in text
        assert "@cached(1)" in text
    division = next(each for each in found if each.change == "n / 2 -> n * 2")
    assert (division.line, division.before) == (7, "return n / 2")
    assert "return n * 2" in division.applied(CODE)
    assert "n < 0 and" in division.applied(CODE)


def test_the_seed_decides_the_order_and_files_can_be_left_out(tmp_path: Path) -> None:
    for name in ("one.py", "two.py", "reference.py"):
        (tmp_path / "room").mkdir(exist_ok=True)
        (tmp_path / "room" / name).write_text(CODE)

    def names(seed: int, *left_out: str) -> list[tuple[str, int, str]]:
        found: list[Mutant] = drawn(tmp_path, ["room"], list(left_out), seed)
        return [(each.file, each.line, each.change) for each in found]

    assert names(1) == names(1) != names(2)
    assert {file for file, *_ in names(1)} == {"room/one.py", "room/two.py"}
    assert {file for file, *_ in names(1, "room/two.py")} == {"room/one.py"}


def test_what_is_set_aside_is_still_there_to_be_set_aside(root: Path) -> None:
    import tomllib  # noqa: PLC0415

    held = tomllib.loads(_EQUIVALENT.read_text(encoding="utf-8"))["mutant"]
    for each in held:
        assert each["reason"].strip()
        text = (root / each["file"]).read_text(encoding="utf-8")
        wanted = (each["line"], each["change"])
        found = {(m.before, m.change) for m in mutants_of(each["file"], text)}
        assert wanted in found, each
