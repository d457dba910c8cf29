"""A question outside a call: in writing, a recording with it, to an answer in words and sound."""

from dataclasses import dataclass, replace
from decimal import Decimal

from bot.audio import HEAR_RATE, SPEAK_RATE, seconds
from bot.errors import BudgetSpent, EngineError, Incomplete
from bot.services import Services
from bot.types import AudioDelta, Charge, ReplyDone, ReplyRequest, RoomContext, TextDelta, Turn, Typed, Usage, Utterance
from bot.usage import SHORT_SECONDS, Allowance, estimated_usage


@dataclass(frozen=True, slots=True)
class Question:
    guild_id: int
    channel_id: int
    "where it was asked"
    user_id: int
    text: str
    recording: bytes = b""
    "s16le mono 16 kHz, empty: none"


@dataclass(frozen=True, slots=True)
class Answer:
    text: str
    pcm: bytes
    "s16le mono 24 kHz; empty: in writing only"
    cost: Decimal | None
    "US dollars, None if unknown"
    estimated: bool
    complete: bool
    "False: it broke off, this is what came"


async def ask(question: Question, room: RoomContext, services: Services) -> Answer:
    """Have a question answered, and book what it cost.

    Raises BudgetSpent, and EngineError when nothing came of it.
    """
    turn = _turn(question, services.clock())
    budget = services.budget
    await budget.load(question.guild_id, services.store)
    estimate = budget.price(services.model, estimated_usage(turn, SHORT_SECONDS))
    reservation = budget.reserve(question.guild_id, (question.user_id,), estimate)
    if reservation.allowance is Allowance.OFF:
        raise BudgetSpent
    if reservation.allowance is Allowance.SHORT:
        room = replace(room, max_seconds=SHORT_SECONDS)
    elif reservation.allowance is Allowance.TEXT:
        room = replace(room, text_only=True)
    text, pcm, done, failure = "", bytearray(), None, None
    try:
        async for event in services.engine.reply(ReplyRequest(turn, (), room)):
            match event:
                case TextDelta(more):
                    text += more
                case AudioDelta(sound):
                    pcm += sound
                case ReplyDone():
                    done = event
    except EngineError as error:
        failure = error
    finally:
        budget.settle(reservation)
    if not text and not pcm:
        raise failure or Incomplete()
    usage = done.usage if done else estimated_usage(turn, seconds(bytes(pcm), SPEAK_RATE))
    estimated = done is None or done.estimated
    cost = await _book(question, usage, estimated, services)
    return Answer(text, bytes(pcm), cost, estimated, complete=failure is None and done is not None and done.complete)


def _turn(question: Question, now: float) -> Turn:
    spoken: tuple[Utterance, ...] = ()
    if question.recording:
        length = seconds(question.recording, HEAR_RATE)
        spoken = (Utterance(1, question.user_id, now - length, question.recording, length, "silence"),)
    return Turn(1, question.channel_id, spoken, now, (Typed(question.user_id, question.text, now),))


async def _book(question: Question, usage: Usage, estimated: bool, services: Services) -> Decimal | None:
    cost = services.budget.price(services.model, usage)
    charge = Charge(
        services.wall(),
        question.guild_id,
        question.channel_id,
        (question.user_id,),
        "job",
        services.model,
        usage,
        cost,
        estimated,
    )
    services.budget.book(charge)
    await services.store.charge([charge])
    return cost
