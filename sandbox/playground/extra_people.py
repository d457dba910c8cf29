"""More people for the room. They say the shipped sentences, or audio files that were dropped onto the page."""

import asyncio
from dataclasses import dataclass

from bot.audio import RTP_RATE
from bot.errors import BotError
from sandbox import clips
from sandbox.consent import press_consent
from sandbox.media import to_pcm
from sandbox.people.person import Person
from sandbox.playground.browser_person import SpeakOnlyPerson
from sandbox.server import Sandbox

PERSON_LOCALES = {"Anna": "en-US", "Ben": "en-US", "Yuki": "ja", "Mia": "en-US", "Omar": "en-US", "Sora": "ja"}
"""Name -> locale of the person's client, for everyone who can be added."""
MAX_SAID_SECONDS = 60.0
"""A dropped file is cut to this length."""


class RoomFull(BotError):
    code = "playground_guests"
    default_hint = "The room has no more chairs."


@dataclass(slots=True)
class ExtraPerson:
    """A person, and the task that says something for them."""

    person: Person
    channel_id: int
    agreed: bool = False
    "has pressed the button of the bot's panel"
    saying: asyncio.Task[None] | None = None


class ExtraPeople:
    """The extra people in the room, by user id."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._people: dict[int, ExtraPerson] = {}

    def all(self) -> list[ExtraPerson]:
        return list(self._people.values())

    async def add(self, channel_id: int, locale: str) -> Person:
        """Add the next person, preferably one with this locale. Raises RoomFull."""
        taken = {extra.person.user.global_name for extra in self._people.values()}
        free = [name for name in PERSON_LOCALES if name not in taken]
        if not free:
            raise RoomFull
        name = min(free, key=lambda name: PERSON_LOCALES[name] != locale)
        person = SpeakOnlyPerson(self._sandbox, self._sandbox.add_user(name, locale=PERSON_LOCALES[name]), "davey")
        await person.join(channel_id)
        self._people[person.id] = extra = ExtraPerson(person, channel_id)
        await self._agree(extra)
        return person

    async def remove(self, user_id: int) -> None:
        """Remove a person from the room. Idempotent."""
        extra = self._people.pop(user_id, None)
        if extra is not None:
            await _stop_saying(extra)
            await extra.person.leave()

    async def say(self, user_id: int, sound: str | bytes) -> None:
        """Make a person say a clip (by id) or an audio file. It replaces what they are saying now.
        Raises KeyError for an unknown person or clip, BadAudio.
        """
        extra = self._people[user_id]
        pcm = (
            clips.load(sound, RTP_RATE)
            if isinstance(sound, str)
            else await asyncio.to_thread(to_pcm, sound, RTP_RATE, MAX_SAID_SECONDS)
        )
        await _stop_saying(extra)
        await self._agree(extra)

        async def speak() -> None:
            await extra.person.say(pcm)

        extra.saying = asyncio.create_task(speak(), name="extra person")

    async def _agree(self, extra: ExtraPerson) -> None:
        """Let the bot hear somebody, once there is a panel to press the button on."""
        if not extra.agreed:
            extra.agreed = await press_consent(self._sandbox, extra.person.user, extra.channel_id) is not None

    async def stop_saying(self, user_id: int) -> None:
        """Stop what a person is saying."""
        if extra := self._people.get(user_id):
            await _stop_saying(extra)

    async def close(self) -> None:
        for user_id in list(self._people):
            extra = self._people.pop(user_id)
            await _stop_saying(extra)
            await extra.person.hang_up()


async def _stop_saying(extra: ExtraPerson) -> None:
    if extra.saying is not None:
        extra.saying.cancel()
        await asyncio.gather(extra.saying, return_exceptions=True)
        extra.saying = None
