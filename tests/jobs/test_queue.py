"""Jobs keep the limits of the queue, and can be cancelled while they wait and while they run."""

import asyncio
from datetime import UTC, datetime

import pytest

from bot.errors import AlreadyAtIt, JobCancelled, JobsFull
from bot.jobs.queue import JobQueue, Ticket
from bot.types import Message


async def work(queue: JobQueue, guild: int, user: int, log: list[str], name: str, gate: asyncio.Event) -> None:
    async with queue.place(guild, user):
        log.append(f"{name} begins")
        await gate.wait()
    log.append(f"{name} ends")


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_server_waits_for_itself_and_not_for_others() -> None:
    queue, log, gate = JobQueue(at_once=3, server_at_once=1), [], asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for guild, user, name in ((1, 1, "a"), (1, 2, "b"), (2, 3, "c")):
            group.create_task(work(queue, guild, user, log, name, gate))
        await turn()
        assert log == ["a begins", "c begins"]
        gate.set()
    assert log.index("a ends") < log.index("b begins")
    assert len(queue) == 0


async def test_too_many_are_refused() -> None:
    queue = JobQueue(person=1, server=2)
    queue.take(1, 1)
    with pytest.raises(JobsFull):
        queue.take(1, 1)
    queue.take(1, 2)
    with pytest.raises(JobsFull):
        queue.take(1, 3)
    queue.take(2, 1)
    assert queue.counts["jobs_refused"] == 2
    queue.give_back(queue.take(2, 2, "a"))
    queue.take(2, 2, "a")
    with pytest.raises(AlreadyAtIt):
        queue.take(2, 2, "a")


async def test_what_was_admitted_before_a_restart_waits_beyond_the_limits() -> None:
    queue, log, gate = JobQueue(at_once=1, person=1, server=1), [], asyncio.Event()

    async def resumed(name: str) -> None:
        async with queue.turn(queue.take(1, 1, name, again=True)):
            log.append(name)
            await gate.wait()

    async with asyncio.TaskGroup() as group:
        for name in ("a", "b", "c"):
            group.create_task(resumed(name))
        await turn()
        assert log == ["a"]
        gate.set()
    assert log == ["a", "b", "c"]


async def test_a_late_cancel_does_not_affect_what_follows() -> None:
    queue = JobQueue()
    ticket = queue.take(1, 1)
    async with queue.turn(ticket):
        ticket.finish()
        ticket.cancel()
        await turn()
    ticket.cancel()
    await turn()


@pytest.mark.parametrize("running", [True, False])
async def test_a_cancelled_job_makes_room(running: bool) -> None:
    queue, log, gate = JobQueue(at_once=1), [], asyncio.Event()
    first = queue.take(1, 1)
    second = queue.take(1, 2)

    async def hold(ticket: Ticket, name: str) -> None:
        async with queue.turn(ticket):
            log.append(name)
            await gate.wait()

    tasks = [asyncio.create_task(hold(first, "first")), asyncio.create_task(hold(second, "second"))]
    await turn()
    (first if running else second).cancel()
    await turn()
    gate.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    expected = [JobCancelled, type(None)] if running else [type(None), JobCancelled]
    assert [type(result) for result in results] == expected
    assert log == (["first", "second"] if running else ["first"])


async def test_a_second_cancel_does_not_interrupt_the_cleanup() -> None:
    queue, log = JobQueue(), []
    ticket = queue.take(1, 1)

    async def job() -> None:
        async with queue.turn(ticket):
            try:
                await asyncio.Event().wait()
            finally:
                await turn()
                log.append("kept")

    task = asyncio.create_task(job())
    await turn()
    ticket.cancel()
    await asyncio.sleep(0)
    ticket.cancel()
    with pytest.raises(JobCancelled):
        await task
    assert log == ["kept"]


async def test_a_shutdown_after_a_late_cancel_is_not_a_cancelled_job() -> None:
    queue = JobQueue()
    ticket = queue.take(1, 1)

    async def job() -> None:
        async with queue.turn(ticket):
            ticket.finish()
            await asyncio.Event().wait()

    task = asyncio.create_task(job())
    await turn()
    ticket.cancel()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_closed_queue_cancels_its_jobs_and_refuses_new_ones() -> None:
    queue, log, gate = JobQueue(), [], asyncio.Event()
    task = asyncio.create_task(work(queue, 1, 1, log, "a", gate))
    await turn()
    await queue.aclose()
    assert task.cancelled()
    with pytest.raises(JobsFull):
        queue.take(1, 1)


async def test_a_shutdown_is_not_a_cancelled_job() -> None:
    queue, log, gate = JobQueue(), [], asyncio.Event()
    task = asyncio.create_task(work(queue, 1, 1, log, "a", gate))
    await turn()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(queue) == 0


@pytest.mark.parametrize(
    ("how", "cancelled"),
    [
        ("forget", ["asked", "heard", "quoted"]),
        ("withdraw", ["heard"]),
        ("withdraw elsewhere", []),
        ("clear", ["quoted"]),
        ("clear elsewhere", []),
        ("drop", ["quoted"]),
        ("drop another line", []),
        ("correct", ["quoted"]),
    ],
)
async def test_jobs_that_hear_somebody_end_with_their_leave(how: str, cancelled: list[str]) -> None:
    queue, log, gate = JobQueue(at_once=9, server_at_once=9), [], asyncio.Event()

    async def job(name: str, user: int, voices: set[int]) -> None:
        ticket = queue.take(1, user, name, voices=voices)
        if name == "quoted":
            ticket.tell_of(5, {7}, ["a", "b"])
        try:
            async with queue.turn(ticket):
                await gate.wait()
        except JobCancelled:
            log.append(name)

    async with asyncio.TaskGroup() as group:
        for name, user, voices in (("asked", 7, {7}), ("heard", 8, {7}), ("quoted", 8, set()), ("another", 9, {8})):
            group.create_task(job(name, user, voices))
        await turn()
        line = Message("user", 7, "Ana", "hello", datetime.now(UTC), id="b")
        match how.split(" ")[0]:
            case "forget":
                queue.forget_person(7)
            case "withdraw":
                queue.withdraw(1 if how == "withdraw" else 2, 7)
            case "clear":
                queue.clear_channel(5 if how == "clear" else 6)
            case "drop":
                queue.drop_lines(5, {"b" if how == "drop" else "c"})
            case _:
                queue.correct(5, line, line)
        await queue.settled()
        assert len(queue) == 4 - len(cancelled)
        await turn()
        assert sorted(log) == cancelled
        gate.set()
