"""What people take back while a call begins, before it holds anything of them."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.errors import JoinError, Unwanted
from bot.types import LinkEnd, Message
from tests.fake_call import FakeCall, fake_call
from tests.fakes import ANNA, BEN, FakeVenue

pytestmark = pytest.mark.looptime
SECRET = "the canary sings"


async def withdraw(fake: FakeCall, line: Message) -> None:
    await fake.calls.consent(5, ANNA, False)


async def forget(fake: FakeCall, line: Message) -> None:
    await fake.erasure.forget_person(ANNA)


async def clear(fake: FakeCall, line: Message) -> None:
    await fake.erasure.clear_channel(8)


async def drop(fake: FakeCall, line: Message) -> None:
    await fake.erasure.drop_lines(8, {line.id})


@pytest.mark.parametrize("act", [withdraw, forget, clear, drop])
async def test_what_is_taken_back_while_the_call_moves_is_not_in_it(
    act: Callable[[FakeCall, Message], Awaitable[None]],
) -> None:
    async with fake_call(ANNA, BEN, answering="always") as fake:
        fake.transcriber.words.append(SECRET)
        await fake.says(ANNA, 1.0, then=5.0)
        line = fake.call.record.messages[0]
        assert line.text == SECRET

        async def slow(*_: object) -> list[Message]:
            await asyncio.sleep(1.0)
            return [line]

        fake.store.history = slow  # type: ignore[attr-defined]
        fake.link.channel_id = 8
        moving = asyncio.create_task(fake.calls.moved(5, FakeVenue(ANNA, BEN, channel_id=8)))
        await asyncio.sleep(0.5)
        await act(fake, line)
        await moving
        assert fake.call.venue.channel_id == 8
        gone = act in (withdraw, forget)
        assert fake.call.agreed() == ({BEN} if gone else {ANNA, BEN})
        assert [one.text for one in fake.call.record.messages] == ([SECRET] if act is withdraw else [])
        assert fake.link.admitted == fake.call.agreed()


async def test_who_calls_it_and_withdraws_before_it_is_there_is_not_heard() -> None:
    async with fake_call(BEN) as fake:
        await fake.calls.leave(5)
        venue = FakeVenue(ANNA, BEN)
        connect = venue.connect

        async def slow() -> object:
            await asyncio.sleep(1.0)
            return await connect()

        venue.connect = slow  # type: ignore[assignment, method-assign]
        joining = asyncio.create_task(fake.calls.join(venue, ANNA))
        await asyncio.sleep(0.5)
        await fake.calls.consent(5, ANNA, False)
        call = await joining
        assert call.agreed() == {BEN}
        assert [args[1:3] for args in fake.store.consented if args[1] == ANNA][-1] == (ANNA, False)


async def test_who_disconnects_it_on_its_way_in_has_sent_it_away() -> None:
    async with fake_call() as fake:
        fake.venue.refuse += [JoinError(), Unwanted()]
        fake.link.end.set_result(LinkEnd.LOST)
        await asyncio.sleep(60.0)
        assert not fake.live
        assert len(fake.venue.links) == 1
        assert fake.venue.audience.troubles == []
        here = fake.venue.guild_id, fake.venue.channel_id
        assert not fake.calls.auto_join_blocks.allowed(*here)
        fake.venue.refuse += [Unwanted()]
        with pytest.raises(Unwanted):
            await fake.calls.join(fake.venue, ANNA)
        assert not fake.calls.auto_join_blocks.allowed(*here)
