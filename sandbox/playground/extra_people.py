"""More people for the room: they say the shipped sentences, or files dropped onto the page."""

import asyncio
from dataclasses import dataclass

from bot.audio import RTP_RATE
from bot.errors import BotError
from sandbox import clips
from sandbox.media import to_pcm
from sandbox.people.person import Person
from sandbox.playground.browser_person import Guest
from sandbox.server import Sandbox

NAMES = {"Anna": "en-US", "Ben": "en-US", "Yuki": "ja", "Mia": "en-US", "Omar": "en-US", "Sora": "ja"}
"""Who may come, and the locale of their client."""
LONGEST = 60.0
"""Seconds of a dropped file that are said."""


class TooMany(BotError):
    code = "playground_guests"
    default_hint = "The room has no more chairs."


@dataclass(slots=True)
class Chair:
    """A guest and what they are saying."""

    person: Person
    saying: asyncio.Task[None] | None = None


class ExtraPeople:
    """The guests by user id."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._chairs: dict[int, Chair] = {}

    def all(self) -> list[Chair]:
        return list(self._chairs.values())

    async def come(self, channel_id: int, locale: str) -> Person:
        """Let the next guest enter, one of this locale first. Raises TooMany."""
        taken = {chair.person.user.global_name for chair in self._chairs.values()}
        free = [name for name in NAMES if name not in taken]
        if not free:
            raise TooMany
        name = min(free, key=lambda name: NAMES[name] != locale)
        guest = Guest(self._sandbox, self._sandbox.add_user(name, locale=NAMES[name]), "davey")
        await guest.join(channel_id)
        self._chairs[guest.id] = Chair(guest)
        return guest

    async def go(self, user_id: int) -> None:
        """Send a guest home. Idempotent."""
        chair = self._chairs.pop(user_id, None)
        if chair is not None:
            await _hush(chair)
            await chair.person.leave()

    async def say(self, user_id: int, sound: str | bytes) -> None:
        """Let a guest say a clip (by id) or an audio file, instead of what they are saying now.

        Raises KeyError for an unknown guest or clip, BadAudio.
        """
        chair = self._chairs[user_id]
        pcm = (
            clips.load(sound, RTP_RATE)
            if isinstance(sound, str)
            else await asyncio.to_thread(to_pcm, sound, RTP_RATE, LONGEST)
        )
        await _hush(chair)

        async def speak() -> None:
            await chair.person.say(pcm)

        chair.saying = asyncio.create_task(speak(), name="guest")

    async def hush(self, user_id: int) -> None:
        """Let a guest fall silent."""
        if chair := self._chairs.get(user_id):
            await _hush(chair)

    async def close(self) -> None:
        for user_id in list(self._chairs):
            chair = self._chairs.pop(user_id)
            await _hush(chair)
            await chair.person.hang_up()


async def _hush(chair: Chair) -> None:
    if chair.saying is not None:
        chair.saying.cancel()
        await asyncio.gather(chair.saying, return_exceptions=True)
        chair.saying = None
