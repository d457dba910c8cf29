"""What the page may ask for. Each act takes the page's JSON and returns what it is answered with."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.errors import BadAudio, BotError
from sandbox.guild.invocation import Refused, Value
from sandbox.people.outcome import CommandOutcome, NoAnswer
from sandbox.playground.backend import PlaygroundBackend

Json = dict[str, Any]
FORMS = 20
"""Forms that were opened and may still be sent; the oldest go first."""
UPLOADS, LARGEST = 8, 25 * 1024 * 1024
"""Files the page has brought, and bytes of one."""
MOST_LOSS, MOST_DELAY, MOST_JITTER = 0.5, 1.0, 0.5


class Unusable(Exception):
    """The act could not be done; `str` is a code the page has words for, or a sentence."""


class Uploads:
    """Files that were dropped onto the page, newest last."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, tuple[str, bytes]] = OrderedDict()
        self._count = 0

    def add(self, name: str, data: bytes) -> str:
        """Keep a file and return what it is asked for by."""
        self._count += 1
        key = str(self._count)
        self._files[key] = (name, data)
        while len(self._files) > UPLOADS:
            self._files.popitem(last=False)
        return key

    def get(self, key: object) -> tuple[str, bytes]:
        if str(key) not in self._files:
            raise Unusable("no such file")
        return self._files[str(key)]


class PageRequests:
    """The acts by name; `do` one."""

    def __init__(self, house: PlaygroundBackend, uploads: Uploads) -> None:
        self._house = house
        self._sandbox = house.sandbox
        self._uploads = uploads
        self._forms: OrderedDict[str, CommandOutcome] = OrderedDict()
        self._acts: Mapping[str, Callable[[Json], Awaitable[Json]]] = {
            "ping": self._ping,
            "speak": self._speak,
            "enter": self._enter,
            "leave": self._leave,
            "command": self._command,
            "complete": self._complete,
            "menu": self._menu,
            "click": self._click,
            "submit": self._submit,
            "write": self._write,
            "guest": self._guest,
            "goodbye": self._goodbye,
            "say": self._say,
            "hush": self._hush,
            "line": self._line,
            "start": self._start,
        }

    async def do(self, asked: Json) -> Json:
        """Do what the page asks and return the answer; `error` in it says why it could not be done."""
        act = self._acts.get(str(asked.get("do")))
        try:
            if act is None:
                raise Unusable("unknown act")
            return await act(asked)
        except BadAudio:
            return {"error": "bad audio"}
        except NoAnswer:
            return {"error": "no answer"}
        except (Unusable, Refused, PermissionError, ConnectionError, TimeoutError) as error:
            return {"error": str(error) or type(error).__name__}
        except BotError as error:
            return {"error": error.code}
        except (KeyError, ValueError, TypeError) as error:
            return {"error": f"not understood: {type(error).__name__}"}

    async def _ping(self, asked: Json) -> Json:
        return {"waiting": self._house.visitor.loudspeaker.waiting}

    async def _speak(self, asked: Json) -> Json:
        self._house.speak(str(asked["language"]))
        return {}

    async def _enter(self, asked: Json) -> Json:
        """Enter the voice channel, and call the bot in if it is not there."""
        visitor, lounge = self._house.visitor, self._sandbox.lounge
        if visitor.client is None:
            await visitor.join(lounge.id)
        if asked.get("call") and self._house.state == "away":
            return self._told(await self._sandbox.command(visitor.user, "join", channel_id=lounge.id))
        return {}

    async def _leave(self, asked: Json) -> Json:
        await self._house.visitor.leave()
        return {}

    async def _command(self, asked: Json) -> Json:
        options = {str(name): self._value(value) for name, value in asked.get("options", {}).items()}
        user, where = self._house.visitor.user, self._sandbox.lounge.id
        return self._told(await self._sandbox.command(user, str(asked["name"]), options, channel_id=where))

    async def _complete(self, asked: Json) -> Json:
        typed = {str(name): self._value(value) for name, value in asked.get("typed", {}).items()}
        user, where = self._house.visitor.user, self._sandbox.lounge.id
        outcome = await self._sandbox.autocomplete(
            user, str(asked["name"]), str(asked["option"]), typed, channel_id=where
        )
        return {"choices": outcome.choices}

    async def _menu(self, asked: Json) -> Json:
        user = self._house.visitor.user
        return self._told(await self._sandbox.menu(user, str(asked["name"]), int(asked["message"])))

    async def _click(self, asked: Json) -> Json:
        values = [str(value) for value in asked.get("values", [])]
        user = self._house.visitor.user
        return self._told(await self._sandbox.click(user, int(asked["message"]), str(asked["id"]), values))

    async def _submit(self, asked: Json) -> Json:
        outcome = self._forms.pop(str(asked["form"]), None)
        if outcome is None:
            raise Unusable("the form is gone")
        fields = {str(key): value for key, value in asked["fields"].items()}
        return self._told(await self._sandbox.submit(outcome, fields))

    async def _write(self, asked: Json) -> Json:
        text = str(asked["text"]).strip()[:2000]
        if text:
            await self._sandbox.write(self._house.visitor.user, self._sandbox.lounge.id, text)
        return {}

    async def _guest(self, asked: Json) -> Json:
        locale = self._house.visitor.user.locale
        return {"id": str((await self._house.guests.come(self._sandbox.lounge.id, locale)).id)}

    async def _goodbye(self, asked: Json) -> Json:
        await self._house.guests.go(int(asked["guest"]))
        return {}

    async def _say(self, asked: Json) -> Json:
        sound = self._uploads.get(asked["file"])[1] if "file" in asked else str(asked["clip"])
        await self._house.guests.say(int(asked["guest"]), sound)
        return {}

    async def _hush(self, asked: Json) -> Json:
        await self._house.guests.hush(int(asked["guest"]))
        return {}

    async def _line(self, asked: Json) -> Json:
        """Make the person's line worse, both ways alike: loss as a share, delay and jitter in seconds."""
        conditions = self._house.visitor.conditions
        for path in (conditions.up, conditions.down):
            path.loss = _within(asked.get("loss"), MOST_LOSS)
            path.delay = _within(asked.get("delay"), MOST_DELAY)
            path.jitter = _within(asked.get("jitter"), MOST_JITTER)
        return {}

    async def _start(self, asked: Json) -> Json:
        await self._house.start()
        return {}

    def _value(self, value: Any) -> Value:
        """Turn an option's value into what the sandbox takes; {"file": …} is a file that was brought."""
        if isinstance(value, dict):
            return self._sandbox.file(*self._uploads.get(value.get("file")))
        if isinstance(value, str | int | float | bool):
            return value
        raise Unusable("not a value")

    def _told(self, outcome: CommandOutcome) -> Json:
        """Return what the page must know of an outcome: only a form; messages come by themselves."""
        if outcome.modal is None:
            return {}
        key = str(outcome.interaction.id)
        self._forms[key] = outcome
        while len(self._forms) > FORMS:
            self._forms.popitem(last=False)
        return {"form": {"key": key, **outcome.modal}}


def _within(value: object, most: float) -> float:
    return min(max(float(str(value or 0)), 0.0), most)
