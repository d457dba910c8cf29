"""What people say, written while they speak, for everyone who opened captions.

All readers share one transcription, and readers of one language share its translation.
"""

import asyncio
from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from decimal import Decimal

import structlog

from bot.billing import tokens
from bot.call.caption_translations import CaptionTranslations
from bot.call.context import CallContext
from bot.call.extras import Extras
from bot.call.growing_speech import GrowingSpeech, SpeechPart
from bot.call.heard_parts import HeardParts
from bot.errors import BotError
from bot.ports import CaptionReader
from bot.ports.holder import Holder
from bot.talk.speech_events import Discarded, SpeechEvent, SpeechPaused, SpeechResumed, Spoke
from bot.types import Caption, Heard, Message, Usage, Utterance

log = structlog.get_logger(__name__)

MAX_OPEN_CAPTIONS = 64
"""Utterances whose final words are awaited."""
MAX_READERS = 8
PREVIEW_GAP_SECONDS, CHECK_GAP_SECONDS = 1.2, 0.1
"""Between two requests for the words of one person, and between two looks at what they said meanwhile.

The first is as long as readers wait between two edits for Discord's sake: more often costs more, shows nothing sooner.
"""
LAST_CAPTIONS_SECONDS = 3.0
"""How long the readers may take to write the last lines when the call ends."""


class Captions(Holder):
    """The captions of one call. Everything is called on the loop; requests are tasks of the call's TaskGroup."""

    def __init__(self, context: CallContext, extras: Extras, name: Callable[[int], str], parts: HeardParts) -> None:
        """`name` gives a person's label; `parts` are the words of what is being said."""
        self._parts = parts
        parts.on_part = self._part
        self.readers: list[CaptionReader] = []
        self._context = context
        self._extras = extras
        self._name = name
        self._translations = CaptionTranslations(context, extras, self._translated)
        self._open: dict[int, tuple[int, GrowingSpeech]] = {}
        "utterance id -> speaker, words so far; until the final words are there"
        self._requests: dict[int, asyncio.Task[None]] = {}
        "person -> the request for their words"
        self._pausing: set[int] = set()
        self._asked_at: dict[int, float] = {}
        "person -> when their words were asked for lately"
        self._look_at = float("-inf")

    @property
    def on(self) -> bool:
        return bool(self.readers)

    @property
    def cost(self) -> Decimal:
        """US dollars of the captions so far, as far as prices are known."""
        return self._extras.cost

    def open(self, reader: CaptionReader) -> bool:
        """Write for one more reader; False: there are too many."""
        if len(self.readers) >= MAX_READERS:
            return False
        self.readers.append(reader)
        return True

    async def close(self, reader: CaptionReader) -> None:
        """Write no more for a reader, who finishes what is shown."""
        self.gone(reader)
        await reader.end()

    def gone(self, reader: CaptionReader) -> None:
        """Write no more for a reader that cannot show anything."""
        self.readers = [one for one in self.readers if one is not reader]
        if not self.on:
            self._forget_all()

    async def close_all(self) -> None:
        """The call is over."""
        readers, self.readers = self.readers, []
        self._forget_all()
        if readers:
            ending = [asyncio.create_task(reader.end(), name="captions-end") for reader in readers]
            _, late = await asyncio.wait(ending, timeout=LAST_CAPTIONS_SECONDS)
            for task in late:
                task.cancel()

    def follow(self, event: SpeechEvent) -> None:
        """Take what a segmenter reports."""
        if isinstance(event, SpeechPaused):
            self._pausing.add(event.user_id)
        elif isinstance(event, SpeechResumed | Spoke | Discarded):
            self._pausing.discard(event.user_id)
        if isinstance(event, Spoke) and self.on:
            self._open.setdefault(event.utterance.id, (event.user_id, GrowingSpeech()))
        elif isinstance(event, Discarded):
            self._drop(event.verdict.utterance_id)

    def tick(
        self, now: float, growing: Callable[[Set[int]], Mapping[int, Utterance]], group: asyncio.TaskGroup
    ) -> None:
        """Ask for the words of what is being said; `growing` gives the open utterances of all but some people."""
        if not self.on or now < self._look_at:
            return
        self._look_at = now + CHECK_GAP_SECONDS
        self._asked_at = {user: at for user, at in self._asked_at.items() if now < at + PREVIEW_GAP_SECONDS}
        for user_id, utterance in growing(self._requests.keys() | self._asked_at.keys()).items():
            speech = self._parts.of(utterance)
            if (part := speech.next_part(utterance, breath=user_id in self._pausing)) is None:
                continue
            self._asked_at[user_id] = now
            if len(self._open) >= MAX_OPEN_CAPTIONS:
                self._drop(next(iter(self._open)))
            self._open[utterance.id] = user_id, speech
            task = self._requests[user_id] = group.create_task(
                self._write(part, speech), name=f"caption:{utterance.id}"
            )
            task.add_done_callback(lambda done, user_id=user_id: self._over(user_id, done))

    def written(self, utterance: Utterance, heard: Heard | None) -> None:
        """Take the final words of an utterance; None: there are none, so those that were shown stay."""
        if not self.on:
            return
        _, speech = self._open.pop(utterance.id, (0, GrowingSpeech()))
        text = speech.text if heard is None else heard.text
        if text:
            self._show(utterance.id, utterance.user_id, text, final=True, in_transcript=heard is not None)
        else:
            self._tell_dropped(utterance.id)

    def corrected(self, utterance_id: int, message: Message) -> None:
        """Show what somebody says they said, where their line still stands."""
        self._show(utterance_id, message.speaker_id, message.text, final=True, corrected=True)

    def withdraw(self, guild_id: int, user_id: int) -> Mapping[int, Set[str]]:
        """Drop the sound of a person, and the lines that are not final or not written yet."""
        if guild_id == self._context.venue.guild_id:
            if request := self._requests.get(user_id):
                request.cancel()
            for utterance_id in [number for number, (speaker, _) in self._open.items() if speaker == user_id]:
                self._drop(utterance_id)
            self._translations.forget(user_id)
            for reader in self.readers:
                reader.withdraw(user_id)
        return {}

    def forget_person(self, user_id: int) -> None:
        """Drop all words of a person that are still in memory, and take them out of the messages that show them."""
        self.withdraw(self._context.venue.guild_id, user_id)
        for reader in self.readers:
            reader.forget(user_id)

    def clear_channel(self, channel_id: int) -> None:
        if channel_id == self._context.venue.channel_id:
            for user_id in {speaker for speaker, _ in self._open.values()}:
                self.withdraw(self._context.venue.guild_id, user_id)

    async def _write(self, part: SpeechPart, speech: GrowingSpeech) -> None:
        """Ask for the words of a part, if the budget has room for what is a comfort."""
        utterance, model = part.utterance, self._context.services.transcribe_model
        usage, people = Usage(audio_in=tokens.of_speech(utterance.pcm)), (utterance.user_id,)
        reservation = await self._extras.reserve(people, {model: usage})
        if reservation is None:
            return
        venue, spellings = self._context.venue, self._context.services.spellings
        names = [venue.bot_name, *venue.people().values(), *spellings.of(venue.channel_id)]
        try:
            language = self._context.settings().language
            heard = await self._context.services.transcriber.transcribe(utterance, language, names)
            model, usage = heard.by or (model, usage)
        except BotError as error:
            usage = Usage()
            log.info("caption_failed", utterance=utterance.id, reason=error.code)
            speech.refused()
            return
        finally:  # also when it is cancelled: the request was sent, and may be charged
            self._extras.settle(reservation)
            if usage.tokens:
                self._extras.book("transcription", model, usage, people)
        speech.written(part, heard.text)
        self._part(part, speech)

    def _part(self, part: SpeechPart, speech: GrowingSpeech) -> None:
        """Show the words so far of an utterance, now that there are more of them."""
        utterance = part.utterance
        if utterance.id in self._open and speech.text:
            self._show(utterance.id, utterance.user_id, speech.text, final=False, settled=part.settles)

    def _over(self, user_id: int, task: asyncio.Task[None]) -> None:
        if self._requests.get(user_id) is task:
            del self._requests[user_id]

    def _show(
        self,
        utterance_id: int,
        user_id: int,
        text: str,
        *,
        final: bool,
        settled: bool = True,
        in_transcript: bool = False,
        corrected: bool = False,
    ) -> None:
        caption = Caption(utterance_id, user_id, self._name(user_id), text, final, in_transcript, corrected)
        for reader in self.readers:
            if reader.language is None:
                reader.show(caption)
            elif settled and (not corrected or reader.has(utterance_id)):
                self._translations.want(caption, reader.language)

    def _translated(self, caption: Caption, language: str, text: str) -> None:
        for reader in self.readers:
            if reader.language == language:
                reader.show(replace(caption, text=text))

    def _drop(self, utterance_id: int) -> None:
        if self._open.pop(utterance_id, None):
            self._tell_dropped(utterance_id)

    def _tell_dropped(self, utterance_id: int) -> None:
        self._translations.drop(utterance_id)
        for reader in self.readers:
            reader.drop(utterance_id)

    def _forget_all(self) -> None:
        for request in self._requests.values():
            request.cancel()
        self._open.clear()
        self._translations.cancel()
