"""What the page can ask for. Each handler takes the page's JSON and returns the JSON answer."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.errors import BadAudio, BotError
from sandbox.guild.invocation import Refused, Value
from sandbox.people.outcome import CommandOutcome, NoAnswer
from sandbox.playground.backend import PlaygroundBackend

Json = dict[str, Any]
MAX_OPEN_FORMS = 20
"""Most open forms that can still be submitted. The oldest is dropped first."""
MAX_UPLOADS, MAX_UPLOAD_BYTES = 8, 25 * 1024 * 1024
"""Most uploaded files that are kept, and the size limit of one."""
MAX_LOSS, MAX_DELAY_SECONDS, MAX_JITTER_SECONDS = 0.5, 1.0, 0.5


class PageRequestError(Exception):
    """A request failed. `str` is a code that the page can translate, or a sentence."""


class Uploads:
    """Files that the page uploaded, newest last."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, tuple[str, bytes]] = OrderedDict()
        self._count = 0

    def add(self, name: str, data: bytes) -> str:
        """Keep a file and return its key."""
        self._count += 1
        key = str(self._count)
        self._files[key] = (name, data)
        while len(self._files) > MAX_UPLOADS:
            self._files.popitem(last=False)
        return key

    def get(self, key: object) -> tuple[str, bytes]:
        if str(key) not in self._files:
            raise PageRequestError("no such file")
        return self._files[str(key)]


class PageRequests:
    """Handles the page's requests by name."""

    def __init__(self, backend: PlaygroundBackend, uploads: Uploads) -> None:
        self._backend = backend
        self._sandbox = backend.sandbox
        self._uploads = uploads
        self._forms: OrderedDict[str, CommandOutcome] = OrderedDict()
        self._handlers: Mapping[str, Callable[[Json], Awaitable[Json]]] = {
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
            "add person": self._add_person,
            "remove person": self._remove_person,
            "say": self._say,
            "stop saying": self._stop_saying,
            "network": self._network,
            "start": self._start,
        }

    async def handle(self, request: Json) -> Json:
        """Handle one request and return the answer. If it failed, the answer's `error` says why."""
        handler = self._handlers.get(str(request.get("do")))
        try:
            if handler is None:
                raise PageRequestError("unknown request")
            return await handler(request)
        except BadAudio:
            return {"error": "bad audio"}
        except NoAnswer:
            return {"error": "no answer"}
        except (PageRequestError, Refused, PermissionError, ConnectionError, TimeoutError) as error:
            return {"error": str(error) or type(error).__name__}
        except BotError as error:
            return {"error": error.code}
        except (KeyError, ValueError, TypeError) as error:
            return {"error": f"not understood: {type(error).__name__}"}

    async def _ping(self, request: Json) -> Json:
        return {"waiting": self._backend.browser_person.loudspeaker.waiting_ms}

    async def _speak(self, request: Json) -> Json:
        self._backend.set_language(str(request["language"]))
        return {}

    async def _enter(self, request: Json) -> Json:
        """Join the voice channel, and run /join if the bot is not there."""
        person, lounge = self._backend.browser_person, self._sandbox.lounge
        if person.client is None:
            await person.join(lounge.id)
        if request.get("call") and self._backend.state == "away":
            return self._answer(await self._sandbox.command(person.user, "join", channel_id=lounge.id))
        return {}

    async def _leave(self, request: Json) -> Json:
        await self._backend.browser_person.leave()
        return {}

    async def _command(self, request: Json) -> Json:
        options = {str(name): self._value(value) for name, value in request.get("options", {}).items()}
        user, where = self._backend.browser_person.user, self._sandbox.lounge.id
        return self._answer(await self._sandbox.command(user, str(request["name"]), options, channel_id=where))

    async def _complete(self, request: Json) -> Json:
        typed = {str(name): self._value(value) for name, value in request.get("typed", {}).items()}
        user, where = self._backend.browser_person.user, self._sandbox.lounge.id
        outcome = await self._sandbox.autocomplete(
            user, str(request["name"]), str(request["option"]), typed, channel_id=where
        )
        return {"choices": outcome.choices}

    async def _menu(self, request: Json) -> Json:
        user = self._backend.browser_person.user
        return self._answer(await self._sandbox.menu(user, str(request["name"]), int(request["message"])))

    async def _click(self, request: Json) -> Json:
        values = [str(value) for value in request.get("values", [])]
        user = self._backend.browser_person.user
        return self._answer(await self._sandbox.click(user, int(request["message"]), str(request["id"]), values))

    async def _submit(self, request: Json) -> Json:
        outcome = self._forms.pop(str(request["form"]), None)
        if outcome is None:
            raise PageRequestError("the form is gone")
        fields = {str(key): value for key, value in request["fields"].items()}
        return self._answer(await self._sandbox.submit(outcome, fields))

    async def _write(self, request: Json) -> Json:
        text = str(request["text"]).strip()[:2000]
        if text:
            await self._sandbox.write(self._backend.browser_person.user, self._sandbox.lounge.id, text)
        return {}

    async def _add_person(self, request: Json) -> Json:
        locale = self._backend.browser_person.user.locale
        return {"id": str((await self._backend.extra_people.add(self._sandbox.lounge.id, locale)).id)}

    async def _remove_person(self, request: Json) -> Json:
        await self._backend.extra_people.remove(int(request["person"]))
        return {}

    async def _say(self, request: Json) -> Json:
        sound = self._uploads.get(request["file"])[1] if "file" in request else str(request["clip"])
        await self._backend.extra_people.say(int(request["person"]), sound)
        return {}

    async def _stop_saying(self, request: Json) -> Json:
        await self._backend.extra_people.stop_saying(int(request["person"]))
        return {}

    async def _network(self, request: Json) -> Json:
        """Degrade the person's network, the same both ways: loss as a share, delay and jitter in seconds."""
        conditions = self._backend.browser_person.conditions
        for path in (conditions.up, conditions.down):
            path.loss = _clamped(request.get("loss"), MAX_LOSS)
            path.delay = _clamped(request.get("delay"), MAX_DELAY_SECONDS)
            path.jitter = _clamped(request.get("jitter"), MAX_JITTER_SECONDS)
        return {}

    async def _start(self, request: Json) -> Json:
        await self._backend.start()
        return {}

    def _value(self, value: Any) -> Value:
        """Turn an option's value into what the sandbox takes. {"file": …} stands for an uploaded file."""
        if isinstance(value, dict):
            return self._sandbox.file(*self._uploads.get(value.get("file")))
        if isinstance(value, str | int | float | bool):
            return value
        raise PageRequestError("not a value")

    def _answer(self, outcome: CommandOutcome) -> Json:
        """Return what the page needs from an outcome: only a form. Messages reach the page on their own."""
        if outcome.modal is None:
            return {}
        key = str(outcome.interaction.id)
        self._forms[key] = outcome
        while len(self._forms) > MAX_OPEN_FORMS:
            self._forms.popitem(last=False)
        return {"form": {"key": key, **outcome.modal}}


def _clamped(value: object, maximum: float) -> float:
    return min(max(float(str(value or 0)), 0.0), maximum)
