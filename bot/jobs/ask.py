"""A written question outside a call, with or without a recording -> an answer in words and sound."""

from collections.abc import Callable, Set
from dataclasses import dataclass, replace
from decimal import Decimal

from bot.audio import HEAR_RATE, SPEAK_RATE, seconds
from bot.billing.budget import MAX_SHORT_ANSWER_SECONDS, Allowance
from bot.call.extras import lasting_extras
from bot.errors import BotError, BudgetSpent, EngineError, Incomplete, StoreError
from bot.jobs.job_account import JobAccount
from bot.jobs.services import JobServices
from bot.ports import Asking, ToolPlace
from bot.talk.labels import Labels
from bot.tools.rounds import ToolAnswer
from bot.types import (
    AudioDelta,
    Message,
    ReplyDone,
    ReplyRequest,
    RoomContext,
    Standing,
    TextDelta,
    ToolsUsed,
    ToolUse,
    Turn,
    Typed,
    Usage,
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
    reads: bool = True
    "whoever asks may read the channel: the model is told what was said there"
    document: str = ""
    "the words of files sent with it; they are not remembered"
    place: ToolPlace | None = None
    "where tools are used; None: none are"
    tools_off: Callable[[], Set[str]] = frozenset
    "gives the tools that are switched off there now"
    may_use_bot: Callable[[int, Standing], bool] = lambda _user_id, _standing: True
    "whether somebody may spend money on tools now"


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
    tokens: int = 0
    "of the request"
    tools: tuple[str, ...] = ()
    "names of the tools it used"
    failure: BotError | None = None
    "what cut it off, if it is known"


async def ask(question: Question, room: RoomContext, services: JobServices) -> AskResult:
    """Answer a question, and book what it cost.

    Raises BudgetSpent, and EngineError when the model sent neither text nor sound.
    """
    turn = _turn(question, services.clock())
    past = await _past(question, services)
    labels = Labels(lambda: room.bot_name, past)
    room = replace(room, people={user_id: labels.of(user_id, name) for user_id, name in room.people.items()})
    toolbox, asking = services.tools, None
    if toolbox and question.place:
        asking = Asking(question.place, (question.user_id,), question.tools_off, question.may_use_bot)
    offered = toolbox.offer(asking) if toolbox and asking else ()
    place, outbox = (question.guild_id, question.channel_id), services.outbox
    payer = lasting_extras(services.budget, outbox, services.wall, place) if outbox else None
    request = ReplyRequest(turn, labels.on(past), room, tools=offered, payer=payer)
    expected = services.by_model(services.engine.estimate(request, MAX_SHORT_ANSWER_SECONDS))
    text, pcm, done, failure = "", bytearray(), None, None
    used: list[ToolUse] = []
    account = JobAccount(services, question.guild_id, question.channel_id, question.user_id, expected, must_fit=False)
    async with account:
        if account.allowance is Allowance.SHORT:
            room = replace(room, max_seconds=MAX_SHORT_ANSWER_SECONDS)
        elif account.allowance is Allowance.TEXT:
            room = replace(room, text_only=True)
        request = replace(request, room=room)
        events = services.engine.reply(request)
        if toolbox and asking and offered:

            async def words() -> dict[int, str | None]:
                return {}  # the question is written

            async def refusal(more: ReplyRequest) -> BudgetSpent | None:
                return await account.refusal(
                    services.by_model(services.engine.estimate(more, MAX_SHORT_ANSWER_SECONDS))
                )

            answer = ToolAnswer(services.engine, toolbox, asking, services.tool_route, words=words, refusal=refusal)
            events = answer.run(request)
        try:
            async for event in events:
                match event:
                    case ToolsUsed(uses):
                        used += uses
                        if event.model:
                            account.spend(event.model, event.usage, estimated=False)
                    case TextDelta(more):
                        text += more
                    case AudioDelta(sound):
                        pcm += sound
                    case ReplyDone():
                        done = event
        except (EngineError, BudgetSpent) as error:
            failure = error
        heard = bool(text or pcm)
        usage = done.usage if done else services.engine.estimate(request, seconds(bytes(pcm), SPEAK_RATE))
        if heard or (done and usage != Usage()):  # requests that called tools are paid, whatever came of them
            for model, part in services.by_model(usage).items():
                account.spend(model, part, done is None or done.estimated)
        if not heard:
            raise failure or Incomplete()
    complete = failure is None and done is not None and done.complete
    await _remember(question, text, done if complete else None, room, services)
    asker = room.people.get(question.user_id, "")
    names = tuple(dict.fromkeys(use.name for use in used))
    if failure is not None:  # what it was raised from holds the request, which must not stay as long as the answer
        failure.__cause__ = failure.__context__ = failure.__traceback__ = None
    return AskResult(text, bytes(pcm), account.cost, account.estimated, complete, asker, usage.tokens, names, failure)


def _turn(question: Question, now: float) -> Turn:
    spoken: tuple[Utterance, ...] = ()
    if question.recording:
        length = seconds(question.recording, HEAR_RATE)
        spoken = (Utterance(1, question.user_id, now - length, question.recording, length, "silence"),)
    typed = Typed(question.user_id, question.text, now, document=question.document)
    # What the engine knows of the talk before goes by the channel.
    return Turn(1, question.channel_id if question.reads else 0, spoken, now, (typed,))


async def _past(question: Question, services: JobServices) -> tuple[Message, ...]:
    if not question.bot_id or not question.reads or services.store is None:
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
