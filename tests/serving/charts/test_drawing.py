"""The process that draws, and those who ask it; one for all tests, which some of them end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from forewatch.errors import DrawingUnavailable
from serving import drawing as module
from serving import drawing_socket
from serving.charts.chart import Chart
from serving.charts.look import Look
from serving.drawing import Drawings

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="looks at processes as Linux shows them"
)
LONG = 120.0  # seconds that tests wait for what comes at once on a machine at rest
MOST_MEMORY_KIB = 300 * 1024


@pytest.fixture
def curve(charts: dict[str, Chart]) -> Chart:
    return charts["curve"]


def another(chart: Chart, name: str) -> Chart:
    """The same, to be drawn anew."""
    return replace(chart, name=name)


def wait_until_idle(drawings: Drawings, chart: Chart) -> int:
    """Return the process that draws, once it has drawn."""
    drawings.drawing(chart, Look(), LONG)
    assert drawings.pid is not None
    return drawings.pid


def test_a_drawing_is_kept_and_needs_no_process_again(drawings: Drawings, curve: Chart) -> None:
    chart = another(curve, "kept")
    pid = wait_until_idle(drawings, chart)
    os.kill(pid, signal.SIGSTOP)
    try:
        assert 'aria-label="kept"' in drawings.drawing(chart, Look(), 0.001).svg
        with pytest.raises(DrawingUnavailable, match=r"not drawn within 0.001 s; look again later"):
            drawings.drawing(another(curve, "late"), Look(), 0.001)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert 'aria-label="late"' in drawings.drawing(another(curve, "late"), Look(), LONG).svg


def test_a_process_that_died_is_replaced(drawings: Drawings, curve: Chart) -> None:
    pid, lost = wait_until_idle(drawings, curve), drawings.lost
    os.kill(pid, signal.SIGKILL)
    found = drawings.drawing(another(curve, "after its death"), Look(), LONG)
    assert 'aria-label="after its death"' in found.svg
    assert (drawings.pid != pid, drawings.lost) == (True, lost + 1)


def test_a_drawing_that_hangs_ends_its_process_and_is_not_tried_again(
    drawings: Drawings, curve: Chart, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid, lost = wait_until_idle(drawings, curve), drawings.lost
    monkeypatch.setattr(drawings, "_seconds", 0.05)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(DrawingUnavailable, match="drawing the chart took too long"):
        drawings.drawing(another(curve, "hangs"), Look(), LONG)
    monkeypatch.undo()
    assert drawings.drawing(another(curve, "the next"), Look(), LONG).packed
    with pytest.raises(DrawingUnavailable, match="drawing the chart took too long"):
        drawings.drawing(another(curve, "hangs"), Look(), LONG)
    assert drawings.lost == lost + 1


def test_a_chart_that_can_not_be_drawn_is_told_and_others_are_drawn(
    drawings: Drawings, curve: Chart
) -> None:
    pid = wait_until_idle(drawings, curve)
    with pytest.raises(DrawingUnavailable, match="could not be drawn; the log has the trace"):
        drawings.drawing(replace(curve, rows=({"x": 1},)), Look(), LONG)
    assert drawings.drawing(another(curve, "others"), Look(), LONG).packed
    assert drawings.pid == pid


def test_an_event_loop_goes_on_while_something_is_drawn(drawings: Drawings, curve: Chart) -> None:
    pid = wait_until_idle(drawings, curve)

    async def story() -> list[str]:
        happened: list[str] = []

        async def ask() -> None:
            found = await drawings.drawing_soon(another(curve, "soon"), Look(), LONG)
            happened.append("drawn" if found.packed else "")

        asked = asyncio.create_task(ask())
        await asyncio.sleep(0)
        happened.append("went on")
        os.kill(pid, signal.SIGCONT)
        await asked
        with pytest.raises(DrawingUnavailable, match="not drawn within"):
            await drawings.drawing_soon(another(curve, "never in time"), Look(), 0.0)
        return happened

    os.kill(pid, signal.SIGSTOP)
    assert asyncio.run(story()) == ["went on", "drawn"]


def test_those_who_wait_are_so_many_and_the_next_is_told(
    drawings: Drawings, curve: Chart, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = wait_until_idle(drawings, curve)
    monkeypatch.setattr(module, "_MOST_WAITING", 0)
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(DrawingUnavailable, match="more charts wait than can be drawn soon"):
            drawings.drawing(another(curve, "too many"), Look(), LONG)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert drawings.drawing(curve, Look(), LONG).packed  # kept ones are had at any time


def test_charts_are_drawn_ahead_and_those_asked_for_come_first(
    drawings: Drawings, curve: Chart
) -> None:
    pid = wait_until_idle(drawings, curve)
    order: list[str] = []
    ahead = [another(curve, f"ahead {i}") for i in range(3)]
    os.kill(pid, signal.SIGSTOP)
    drawings.draw_ahead(ahead, [Look()])
    futures = [drawings.order(each, Look()) for each in (another(curve, "asked"), ahead[2])]
    futures[1].add_done_callback(lambda _: order.append("asked of ahead"))
    last = drawings.order(ahead[1], Look(), is_ahead=True)
    last.add_done_callback(lambda _: order.append("ahead"))
    os.kill(pid, signal.SIGCONT)
    assert last.result(LONG)
    assert order == ["asked of ahead", "ahead"]
    assert futures[0].done()


def test_another_process_asks_by_the_socket(drawings: Drawings, curve: Chart) -> None:
    assert drawings.path is not None
    code = (
        "import sys, pathlib\n"
        "from serving.drawing_socket import Asker\n"
        "asker, job = Asker(pathlib.Path(sys.argv[1])), sys.argv[2].encode()\n"
        "assert asker.reply(job, 0) == b''\n"
        "sys.stdout.buffer.write(asker.reply(job, float(sys.argv[3])))"
    )
    job = another(curve, "of another process").job(Look())
    command = [sys.executable, "-c", code, str(drawings.path), job.decode(), str(LONG)]
    ran = subprocess.run(command, capture_output=True, check=True)
    assert module.Drawing(ran.stdout).svg.count("of another process") == 1
    folder = drawings.path.parent
    assert folder.stat().st_mode & 0o777 == 0o700


def test_who_asks_where_nobody_draws_is_told(curve: Chart, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = Drawings()
    alone.share()
    with monkeypatch.context() as forked:
        forked.setattr(os, "getpid", lambda: -1)
        with pytest.raises(DrawingUnavailable, match="nobody draws charts just now; look again"):
            alone.drawing(curve, Look())
        alone.draw_ahead([curve])  # says nothing: nobody waits for it
        alone.close()  # is the owner's
        assert alone.path is not None
        assert alone.path.parent.exists()
    alone.close()
    assert not alone.path.parent.exists()


def test_only_the_same_user_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert drawing_socket.is_own_user(ours)
        monkeypatch.setattr(os, "getuid", lambda: 4_294_967)
        assert not drawing_socket.is_own_user(ours)


def test_a_service_that_ends_leaves_no_process_and_no_folder(curve: Chart) -> None:
    one = Drawings(seconds=LONG)
    one.share()
    one.listen()
    pid = wait_until_idle(one, curve)
    assert one.path is not None
    folder = one.path.parent
    one.close()
    assert not Path(f"/proc/{pid}").exists()
    assert not folder.exists()
    assert folder.parent == Path(tempfile.gettempdir())


def test_the_process_that_draws_stays_small(drawings: Drawings, charts: dict[str, Chart]) -> None:
    for chart in charts.values():
        drawings.drawing(chart, Look(), LONG)
    lines = Path(f"/proc/{drawings.pid}/status").read_text(encoding="ascii").splitlines()
    told = dict(line.split(":", 1) for line in lines)
    assert int(told["VmHWM"].split()[0]) < MOST_MEMORY_KIB
    assert "pandas" not in Path(f"/proc/{drawings.pid}/maps").read_text(encoding="utf-8")


def test_what_lies_in_the_folder_of_the_service_is_not_taken_for_its_code(
    curve: Chart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "serving").mkdir()
    (tmp_path / "serving" / "__init__.py").touch()
    monkeypatch.chdir(tmp_path)
    one = Drawings(seconds=LONG)
    try:
        assert one.drawing(curve, Look(), LONG).packed
    finally:
        one.close()


def test_who_waits_when_the_service_ends_is_told(curve: Chart) -> None:
    one = Drawings(seconds=LONG)
    pid = wait_until_idle(one, curve)
    os.kill(pid, signal.SIGSTOP)
    orders = [one.order(another(curve, name), Look()) for name in ("drawn now", "in line")]
    one.close()
    for each in orders:
        with pytest.raises(DrawingUnavailable, match=r"the process that|the service is"):
            each.result(LONG)
    with pytest.raises(DrawingUnavailable, match="the service is ending"):
        one.drawing(another(curve, "afterwards"), Look())
    assert one.drawing(curve, Look()).packed  # what is kept
