"""Progress: plain lines where nobody looks, a bar where somebody does."""

import io

from serving.progress import Lines, progress_bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_step_is_told_at_each_tenth_once() -> None:
    stream = io.StringIO()
    tell = Lines(stream)
    for done in range(101):
        tell("rows", done, 100)
    assert stream.getvalue().splitlines() == [f"rows {done}/100" for done in range(0, 101, 10)]


def test_a_step_of_unknown_length_is_told_once() -> None:
    stream = io.StringIO()
    with progress_bar(stream) as tell:
        tell("reading", 0, 0)
        tell("reading", 5, 0)
    assert stream.getvalue() == "reading ...\n"


def test_a_terminal_gets_every_step_with_its_count() -> None:
    stream = Terminal()
    with progress_bar(stream) as tell:
        tell("fitting", 0, 3)
        tell("fitting", 3, 3)
    assert "fitting" in stream.getvalue()
    assert "3/3" in stream.getvalue()
