"""A written question outside a call, with or without a recording -> an answer in words and sound."""

from dataclasses import dataclass, replace
from decimal import Decimal

from bot.audio import HEAR_RATE, SPEAK_RATE, seconds
from bot.billing.budget import MAX_SHORT_ANSWER_SECONDS, Allowance
from bot.errors import EngineError, Incomplete, StoreError
from bot.jobs.job_account import JobAccount
from bot.jobs.services import JobServices
from bot.talk.labels import Labels
from bot.types import (
    AudioDelta,
    Message,
    ReplyDone,
    ReplyRequest,
    RoomContext,
    TextDelta,
    Turn,
    Typed,
    Utterance,
)

MAX_ASK_HISTORY_LINES = 60
"""Lines of the channel's memory that the model sees at most."""


@dataclass(frozen=True, slots=True)
class Question:
    guild_id: int
    channel_id: int
    "where the person asked"
    user_id: int
    text: str
    recording: bytes = b""
    "s16le mono 16 kHz; empty: none"
    shown: str = ""
    "what the channel's memory keeps; empty: `text`"
    bot_id: int = 0
    "author of the answer in memory; 0: neither question nor answer is remembered"
    document: str = ""
    "the words of files sent with it; they are not remembered"


@dataclass(frozen=True, slots=True)
class AskResult:
    text: str
    pcm: bytes
    "s16le mono 24 kHz; empty: the answer has text only"
    cost: Decimal | None
    "US dollars; None: unknown"
    estimated: bool
    complete: bool
    "False: the answer was cut off"
    asker: str
    "the label of who asked (bot/talk/labels.py)"


async def ask(question: Question, room: RoomContext, services: JobServices) -> AskResult:
    """Answer a question, and book what it cost.

    Raises BudgetSpent, and EngineError when the model sent neither text nor sound.
    """
    turn = _turn(question, services.clock())
    past = await _past(question, services)
    labels = Labels(lambda: room.bot_name, past)
    room = replace(room, people={user_id: labels.of(user_id, name) for user_id, name in room.people.items()})
    request = ReplyRequest(turn, labels.on(past), room)
    expected = {services.model: services.engine.estimate(request, MAX_SHORT_ANSWER_SECONDS)}
    text, pcm, done, failure = "", bytearray(), None, None
    account = JobAccount(services, question.guild_id, question.channel_id, question.user_id, expected, must_fit=False)
    async with account:
        if account.allowance is Allowance.SHORT:
            room = replace(room, max_seconds=MAX_SHORT_ANSWER_SECONDS)
        elif account.allowance is Allowance.TEXT:
            room = replace(room, text_only=True)
        request = replace(request, room=room)
        try:
            async for event in services.engine.reply(request):
                match event:
                    case TextDelta(more):
                        text += more
                    case AudioDelta(sound):
                        pcm += sound
                    case ReplyDone():
                        done = event
        except EngineError as error:
            failure = error
        if not text and not pcm:
            raise failure or Incomplete()
        usage = done.usage if done else services.engine.estimate(request, seconds(bytes(pcm), SPEAK_RATE))
        account.spend(services.model, usage, done is None or done.estimated)
    complete = failure is None and done is not None and done.complete
    await _remember(question, text, done if complete else None, room, services)
    asker = room.people.get(question.user_id, "")
    return AskResult(text, bytes(pcm), account.cost, account.estimated, complete, asker)


def _turn(question: Question, now: float) -> Turn:
    spoken: tuple[Utterance, ...] = ()
    if question.recording:
        length = seconds(question.recording, HEAR_RATE)
        spoken = (Utterance(1, question.user_id, now - length, question.recording, length, "silence"),)
    typed = Typed(question.user_id, question.text, now, document=question.document)
    return Turn(1, question.channel_id, spoken, now, (typed,))


async def _past(question: Question, services: JobServices) -> tuple[Message, ...]:
    if not question.bot_id or services.store is None:
        return ()
    try:
        return tuple(await services.store.history(question.channel_id, MAX_ASK_HISTORY_LINES))
    except StoreError:
        return ()


async def _remember(
    question: Question, text: str, done: ReplyDone | None, room: RoomContext, services: JobServices
) -> None:
    """Add question and answer to the channel's memory. A store that fails does not keep people from their answer."""
    if not question.bot_id or services.store is None:
        return
    name = room.people.get(question.user_id, "")
    asked = Message("user", question.user_id, name, question.shown or question.text, room.now)
    answered = Message(
        "assistant",
        question.bot_id,
        room.bot_name,
        text,
        services.wall(),
        audio_id=done.audio_id if done else None,
        expires_at=done.expires_at if done else None,
        interrupted=done is None,
        asked_by=(question.user_id,),
    )
    try:
        await services.store.remember(question.guild_id, question.channel_id, [asked, answered])
    except StoreError:
        if services.outbox is not None:
            for line in (asked, answered):
                services.outbox.add(question.guild_id, question.channel_id, line)
