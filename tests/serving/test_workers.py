from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from forewatch.errors import BadQuestion, Overloaded
from serving import problems
from serving.api import workers as module
from serving.api.processes import AskerGone
from serving.api.workers import QUICK_COST, WorkerFailed, Workers

# Workers are forked, and a test process may have threads: what the workers here do needs none.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="without fork answers come from threads"),
]
SLOW = QUICK_COST + 1


def job(what: str, path: Path = Path()) -> bytes:
    """What a worker of these tests is to do."""
    return f"{what} {path}".encode()


def act(content: bytes, stop_if_told: Callable[[], None]) -> bytes | Iterator[bytes]:
    """Do it, and return the process that did; runs in a worker."""
    what, _, name = content.decode().partition(" ")
    if what == "refuse":
        raise BadQuestion("never on Sundays")
    if what == "fail":
        raise ZeroDivisionError
    if what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "wait":
        Path(name).with_suffix(".begun").touch()
        while not Path(name).exists():
            stop_if_told()
    if what == "threads":
        import numpy as np  # noqa: PLC0415 - its linear algebra is what would take them

        assert np.linalg.norm(np.eye(2) @ np.eye(2)) > 1
        return str({pool["num_threads"] for pool in threadpool_info()}).encode()
    if what == "parts":
        return parts_of(name, stop_if_told)
    if what == "big":
        return bytes(5_000_000)
    return str(os.getpid()).encode()


def parts_of(name: str, stop_if_told: Callable[[], None]) -> Iterator[bytes]:
    """Yield this process, then what the name says should happen."""
    yield str(os.getpid()).encode()
    if name.endswith("refused"):
        raise BadQuestion("never on Sundays")
    if name.endswith("fault"):
        raise ZeroDivisionError
    if name.endswith("killed"):
        os.kill(os.getpid(), signal.SIGKILL)
    while name.endswith("endless"):
        yield bytes(100_000)
        stop_if_told()
    yield os.getpriority(os.PRIO_PROCESS, 0).to_bytes()


async def never() -> None:
    """Nobody hangs up."""
    await asyncio.Event().wait()


async def there(path: Path) -> None:
    """Return once a file is there."""
    while not os.path.exists(path):  # noqa: ASYNC110, ASYNC240, PTH110 - another process makes it
        await asyncio.sleep(0)


async def ended(process: int) -> None:
    """Return once a process is gone."""
    with contextlib.suppress(ProcessLookupError):
        while True:  # the system takes a moment
            os.kill(process, 0)
            await asyncio.sleep(0)


Story = Callable[[Workers], Coroutine[Any, Any, None]]


@pytest.fixture
def told() -> Callable[[Story, int], None]:
    def on_workers(story: Story, count: int = 2) -> None:
        async def in_a_loop() -> None:
            workers = Workers(act)
            workers.start(count)
            try:
                await story(workers)
            finally:
                await workers.close()

        asyncio.run(in_a_loop())

    return on_workers


def test_answers_come_from_other_processes(told: Callable[..., None]) -> None:
    async def story(workers: Workers) -> None:
        found = {
            await workers.answer(job("pid"), "key", cost, never) for cost in (1, SLOW, 1, SLOW)
        }
        assert str(os.getpid()).encode() not in found
        assert len(found) <= 2
        assert len(await workers.answer(job("big"), "key", 1, never)) == 5_000_000

    told(story)


def test_a_question_takes_one_core(told: Callable[..., None]) -> None:
    async def story(workers: Workers) -> None:
        assert await workers.answer(job("threads"), "key", 1, never) == b"{1}"

    with threadpool_limits(3):  # as a machine of three cores has them
        told(story, 1)


def test_a_refusal_comes_with_its_problem_and_a_fault_as_one(told: Callable[..., None]) -> None:
    async def story(workers: Workers) -> None:
        with pytest.raises(problems.ForwardedProblem, match="never on Sundays") as refused:
            await workers.answer(job("refuse"), "key", 1, never)
        assert problems.problem_of(refused.value)["status"] == 422
        with pytest.raises(WorkerFailed):
            await workers.answer(job("fail"), "key", 1, never)
        assert workers.lost == 0

    told(story, 1)


def test_a_worker_that_died_is_replaced(told: Callable[..., None]) -> None:
    async def story(workers: Workers) -> None:
        for n in range(3):
            before = await workers.answer(job("pid"), "key", 1, never)
            with pytest.raises(Overloaded, match="the process that worked on this ended"):
                await workers.answer(job("die"), "key", 1, never)
            assert workers.lost == n + 1
            assert await workers.answer(job("pid"), "key", 1, never) != before

    told(story, 1)


def test_a_worker_that_died_in_idleness_costs_nobody_an_answer(
    told: Callable[..., None],
) -> None:
    async def story(workers: Workers) -> None:
        idle = await workers.answer(job("pid"), "key", 1, never)
        os.kill(int(idle), signal.SIGKILL)
        while not workers.is_any_gone():  # noqa: ASYNC110 - the system tells when it does
            await asyncio.sleep(0)
        assert await workers.answer(job("pid"), "key", 1, never) != idle

    told(story, 1)


def test_work_whose_asker_hung_up_is_stopped(told: Callable[..., None], tmp_path: Path) -> None:
    async def story(workers: Workers) -> None:
        process = await workers.answer(job("pid"), "key", 1, never)
        waiting = job("wait", tmp_path / "never")
        with pytest.raises(AskerGone):
            await workers.answer(waiting, "key", 1, lambda: there(tmp_path / "never.begun"))
        # the same process goes on with the next question, though the file never came
        assert await workers.answer(job("pid"), "key", 1, never) == process

    told(story, 1)


def test_who_hangs_up_in_line_leaves_it(told: Callable[..., None], tmp_path: Path) -> None:
    async def story(workers: Workers) -> None:
        ends = tmp_path / "ends"
        first = asyncio.create_task(workers.answer(job("wait", ends), "key", 1, never))
        await there(tmp_path / "ends.begun")

        async def at_once() -> None:
            return

        with pytest.raises(AskerGone):
            await workers.answer(job("wait", tmp_path / "second"), "key", 1, at_once)
        assert workers.waiting == 0
        ends.touch()
        await first
        assert not (tmp_path / "second.begun").exists()

    told(story, 1)


def test_a_quick_question_is_never_behind_a_slow_one(
    told: Callable[..., None], tmp_path: Path
) -> None:
    async def story(workers: Workers) -> None:
        ends = tmp_path / "ends"
        slow = [
            asyncio.create_task(workers.answer(job("wait", ends), "key", SLOW, never))
            for _ in range(4)
        ]
        await there(tmp_path / "ends.begun")
        assert await workers.answer(job("pid"), "key", 1, never)
        ends.touch()
        await asyncio.gather(*slow)

    told(story, 2)


def test_keys_take_turns(told: Callable[..., None], tmp_path: Path) -> None:
    async def story(workers: Workers) -> None:
        ends, order = tmp_path / "ends", []
        first = asyncio.create_task(workers.answer(job("wait", ends), "much", 1, never))
        await there(tmp_path / "ends.begun")

        async def asked(key: str) -> None:
            await workers.answer(job("pid"), key, 1, never)
            order.append(key)

        others = [asyncio.create_task(asked(key)) for key in ("much",) * 3 + ("little",)]
        while workers.waiting < 4:  # noqa: ASYNC110 - these tasks are only just made
            await asyncio.sleep(0)
        ends.touch()
        await asyncio.gather(first, *others)
        assert order == ["much", "little", "much", "much"]

    told(story, 1)


def test_the_line_has_an_end(
    told: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_WAITING", 2)

    async def story(workers: Workers) -> None:
        ends = tmp_path / "ends"
        tasks = [asyncio.create_task(workers.answer(job("wait", ends), "key", 1, never))]
        await there(tmp_path / "ends.begun")
        tasks += [
            asyncio.create_task(workers.answer(job("pid"), "key", 1, never)) for _ in range(2)
        ]
        while workers.waiting < 2:  # noqa: ASYNC110 - these tasks are only just made
            await asyncio.sleep(0)
        with pytest.raises(Overloaded, match="more questions wait") as refused:
            await workers.answer(job("pid"), "other", 1, never)
        assert problems.headers(refused.value) == {"Retry-After": "2"}
        ends.touch()
        await asyncio.gather(*tasks)

    told(story, 1)


def test_a_worker_that_goes_on_for_too_long_is_ended(
    told: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LONGEST_SECONDS", 0.0)

    async def story(workers: Workers) -> None:
        with pytest.raises(Overloaded, match="the process that worked on this ended"):
            await workers.answer(job("wait", tmp_path / "never"), "key", 1, never)
        monkeypatch.setattr(module, "_LONGEST_SECONDS", 20.0)
        assert await workers.answer(job("pid"), "key", 1, never)

    told(story, 1)


def test_without_processes_answers_come_from_threads() -> None:
    async def story() -> None:
        workers = Workers(act)
        assert await workers.answer(job("pid"), "key", 1, never) == str(os.getpid()).encode()
        with pytest.raises(BadQuestion, match="never on Sundays"):
            await workers.answer(job("refuse"), "key", 1, never)

    asyncio.run(story())


def test_parts_come_from_a_process_of_their_own_behind_all_others(
    told: Callable[..., None],
) -> None:
    async def story(workers: Workers) -> None:
        usual = {await workers.answer(job("pid"), "key", cost, never) for cost in (1, SLOW)}
        process, niceness = [part async for part in workers.parts(job("parts"))]
        assert process not in usual
        assert int.from_bytes(niceness) >= 10

    told(story)


@pytest.mark.parametrize(
    ("what", "error"),
    [("refused", problems.ForwardedProblem), ("fault", WorkerFailed), ("killed", Overloaded)],
)
def test_parts_that_end_early_end_with_an_error(
    what: str, error: type[Exception], told: Callable[..., None]
) -> None:
    async def story(workers: Workers) -> None:
        parts = workers.parts(job("parts", Path(what)))
        assert await anext(parts)
        with pytest.raises(error):
            await anext(parts)
        assert workers.lost == (what == "killed")

    told(story, 1)


def test_who_takes_no_more_parts_ends_their_process(told: Callable[..., None]) -> None:
    async def story(workers: Workers) -> None:
        parts = workers.parts(job("parts", Path("endless")))
        process = int(await anext(parts))
        assert len(await anext(parts)) == 100_000
        os.kill(process, 0)  # it is there
        await parts.aclose()  # type: ignore[attr-defined] # of a generator
        await ended(process)

    told(story, 1)


def test_without_processes_parts_come_from_threads() -> None:
    async def story() -> None:
        parts = [part async for part in Workers(act).parts(job("parts"))]
        assert parts[0] == str(os.getpid()).encode()

    asyncio.run(story())
