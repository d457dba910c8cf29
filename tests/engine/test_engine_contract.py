"""What every engine, transcriber and text-and-speech engine promises; another one is a line in ENGINES."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing

import pytest

from bot.config import Settings
from bot.engine.open import Engines, open_engines
from bot.errors import BotError, EngineError
from bot.types import Usage
from sandbox.model.faults import FAULTS
from sandbox.model.server import ModelServer
from tests.engine.listen import listen
from tests.engine.make import request, said, speech

Opener = Callable[[ModelServer], AbstractAsyncContextManager[Engines]]


def openai(model: ModelServer) -> AbstractAsyncContextManager[Engines]:
    fixed = {"discord_token": "none", "openai_api_key": model.key, "openai_base_url": model.base_url}
    return open_engines(Settings(_env_file=None, **fixed))  # pyright: ignore[reportCallIssue]


def cascade(model: ModelServer) -> AbstractAsyncContextManager[Engines]:
    fixed = {"discord_token": "none", "openai_api_key": model.key, "openai_base_url": model.base_url}
    return open_engines(Settings(_env_file=None, engine="cascade", **fixed))  # pyright: ignore[reportCallIssue]


ENGINES: dict[str, Opener] = {"openai": openai, "cascade": cascade}


@pytest.fixture(params=ENGINES)
async def engines(request: pytest.FixtureRequest, model: ModelServer) -> AsyncIterator[Engines]:
    async with ENGINES[request.param](model) as opened:
        yield opened


async def test_a_reply_streams_words_and_sound_and_ends_with_one_done(engines: Engines) -> None:
    got = await listen(engines.reply)
    assert got.error is None
    assert got.text
    assert got.pcm
    assert len(got.pcm) % 2 == 0
    assert got.done
    assert got.done.complete


async def test_a_written_reply_has_no_sound(engines: Engines) -> None:
    got = await listen(engines.reply, request(typed="Hello?", text_only=True))
    assert got.text
    assert not got.pcm
    assert got.done


async def test_closing_the_iterator_aborts_the_request(engines: Engines, model: ModelServer) -> None:
    async with aclosing(engines.reply.reply(request())) as events:
        await anext(events)
    async with asyncio.timeout(60):
        while (*model.chats, *model.speeches)[-1].aborted_at is None:  # the sound's request, the last of each engine
            await asyncio.sleep(0.01)


async def test_cancelling_the_listener_aborts_the_request(engines: Engines, model: ModelServer) -> None:
    listening = asyncio.create_task(listen(engines.reply))
    async with asyncio.timeout(60):
        while not model.chats:
            await asyncio.sleep(0.01)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        while model.chats[0].aborted_at is None:
            await asyncio.sleep(0.01)
    assert listening.cancelled()


@pytest.mark.parametrize("fault", ["bad key", "no model", "server error"])
async def test_a_fault_is_in_the_tree_of_errors(engines: Engines, model: ModelServer, fault: str) -> None:
    model.script(*[FAULTS[fault]()] * 2)
    assert isinstance((await listen(engines.reply)).error, EngineError)


@pytest.mark.parametrize("fault", ["bad key", "server error"])
async def test_warming_never_raises(engines: Engines, model: ModelServer, fault: str) -> None:
    model.script_models(*[FAULTS[fault]()] * 8)
    await engines.reply.warm()


async def test_what_the_operator_must_end_stands_until_it_works_again(engines: Engines, model: ModelServer) -> None:
    assert engines.reply.fault is None
    model.script(FAULTS["bad key"]())
    await listen(engines.reply)
    assert isinstance(engines.reply.fault, BotError)
    await listen(engines.reply)
    assert engines.reply.fault is None


async def test_forgetting_what_is_not_there_is_no_fault(engines: Engines) -> None:
    engines.reply.forget(1)
    engines.reply.forget_person(1)


async def test_an_estimate_is_no_less_than_what_is_used(engines: Engines) -> None:
    asked = request(speech(2.0), history=(said("Hello?"), said("Is anybody there?")))
    got = await listen(engines.reply, asked)
    assert got.done
    expected, used = engines.reply.estimate(asked, len(got.pcm) / 48_000), got.done.usage
    assert expected.text_in >= used.text_in
    assert expected.audio_in >= used.audio_in
    assert expected.audio_out >= used.audio_out


async def test_an_utterance_is_written_down(engines: Engines) -> None:
    utterance = speech(1.0, id=5)
    heard = await engines.transcribe.transcribe(utterance, None, ["Aki"])
    assert (heard.utterance_id, heard.user_id) == (5, utterance.user_id)
    assert heard.seconds == pytest.approx(1.0)


async def test_words_and_speech_are_made_and_paid_for(engines: Engines, model: ModelServer) -> None:
    spent: list[tuple[str, Usage, bool]] = []
    written = await engines.write.write("Be brief.", "Hello?", lambda *paid: spent.append(paid))
    assert written.text
    assert not written.pcm
    spoken = await engines.write.say("Speak.", "Hello.", lambda *paid: spent.append(paid), voice="alloy")
    assert spoken.text
    assert spoken.seconds > 0
    assert all(usage != Usage() for _, usage, _ in spent)
    assert len(spent) == len(model.chats) + bool(model.speeches), "each request; the clauses of a speech in one"
    assert {name for name, _, _ in spent} == {str(sent.body["model"]) for sent in (*model.chats, *model.speeches)}
