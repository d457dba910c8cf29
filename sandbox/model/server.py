"""A loopback stand-in for the model: chat completions with audio, transcriptions, models.

    async with ModelServer.open(key="sk-sandbox") as model:
        model.script(Speak.clip("bot-moon"), rate_limited())
        ...  # a client talks to model.base_url
        assert model.refused == []

It checks requests as strictly as OpenAI's server does and sends events in the recorded order. Each request takes the
next scripted behaviour; when none is left, it gets the default.
"""

import asyncio
import itertools
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from bot.audio import HEAR_RATE, SPEAK_RATE, to_wav
from sandbox.media import resample
from sandbox.model.behaviour import Behaviour, Echo, Hang, Oddity, Plain, ProxyPage, Refuse, Reset, Speak, TranscribeAs
from sandbox.model.checks import check_chat
from sandbox.model.dialect import (
    AUDIO_MODELS,
    DIALECTS,
    SPEECH_MODELS,
    TEXT_MODELS,
    TRANSCRIPTION_MODELS,
    ServerDialect,
)
from sandbox.model.log import KEPT_HEADERS, ReceivedRequest, RequestLog, TcpConnection
from sandbox.model.request_body import read_form, read_json
from sandbox.model.response import complete, hang, reset, send_stream
from sandbox.model.schema import ApiError, missing
from sandbox.model.speech import check_speech, said, send_speech
from sandbox.model.stream import Pace, ResponseIds, capped, pieces
from sandbox.model.transcription import check_transcription, transcription, words_of
from sandbox.model.writing import dictated, quoted, written

MAX_REQUEST_BODY_BYTES = 64 * 1024 * 1024
AUDIO_ID_LIFETIME_SECONDS = 3600.0
"""An answer's audio id expires after this time."""


class ModelServer:
    """See the module. A change of a public attribute applies from the next request on."""

    def __init__(self, key: str, dialect: ServerDialect, first_audio: float, speed: float) -> None:
        self.key = key
        self.dialect = dialect
        self.base_url = ""
        self.first_audio = first_audio
        "seconds from a request to the first audio"
        self.speed = speed
        "seconds of audio sent per second; 0: all at once"
        self.transcribe_delay = first_audio / 2
        "seconds"
        self.speech_delay = first_audio / 2
        "seconds from a request for speech to its first chunk"
        self.audio_life = AUDIO_ID_LIFETIME_SECONDS
        "seconds until the audio ids of the next answers expire"
        self.default: Behaviour = Speak.clip("bot-rice")
        self.default_transcription: Behaviour | None = None
        "None: the shipped clips are recognised"
        self.default_speech: Behaviour | None = None
        "None: speech.py says the text"
        self.transcribe: Callable[[bytes], str] | None = None
        "returns the text of a WAV file that contains no shipped clip"
        self.missing: set[str] = set()
        "paths that this server does not have, such as /audio/transcriptions"
        self.log = RequestLog()
        self._spoken: dict[str, tuple[float, float]] = {}
        self._numbers = itertools.count(1)
        self._protocols: dict[int, int] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._scripts: dict[str, deque[Behaviour]] = {
            "chat": deque(),
            "transcription": deque(),
            "model": deque(),
            "speech": deque(),
        }

    @classmethod
    @asynccontextmanager
    async def open(
        cls, key: str = "sk-sandbox", dialect: str = "openai", first_audio: float = 0.35, speed: float = 4.0
    ) -> AsyncIterator["ModelServer"]:
        """Serve on a free port of 127.0.0.1.

        Raises KeyError for an unknown dialect.
        """
        model = cls(key, DIALECTS[dialect], first_audio, speed)
        app = web.Application(client_max_size=MAX_REQUEST_BODY_BYTES)
        app.on_response_prepare.append(model._name_request)
        app.router.add_post("/v1/chat/completions", model._guarded(model._chat))
        app.router.add_post("/v1/audio/speech", model._guarded(model._speech))
        app.router.add_post("/v1/audio/transcriptions", model._guarded(model._transcription))
        app.router.add_get("/v1/models", model._guarded(model._models))
        app.router.add_get("/v1/models/{model:.+}", model._guarded(model._model))
        app.router.add_route("*", "/{path:.*}", model._guarded(_nowhere))
        runner = web.AppRunner(
            app, handler_cancellation=True, access_log=None, keepalive_timeout=600, shutdown_timeout=0.1
        )
        await runner.setup()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: model._accept(runner), "127.0.0.1", 0)
        model.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        try:
            yield model
        finally:
            server.close()
            await runner.cleanup()
            if model._tasks:  # aiohttp cancels those of lost connections, but does not wait for them
                await asyncio.wait(model._tasks, timeout=1)

    @property
    def requests(self) -> list[ReceivedRequest]:
        """All requests, oldest first, each from when its headers have arrived."""
        return self.log.requests

    @property
    def chats(self) -> list[ReceivedRequest]:
        """Those of `requests` that have arrived whole, as `transcriptions` and `speeches` are."""
        return self._whole("/chat/completions")

    @property
    def transcriptions(self) -> list[ReceivedRequest]:
        return self._whole("/audio/transcriptions")

    @property
    def speeches(self) -> list[ReceivedRequest]:
        return self._whole("/audio/speech")

    def _whole(self, path: str) -> list[ReceivedRequest]:
        return [request for request in self.requests if request.path == path and request.whole]

    @property
    def refused(self) -> list[ApiError]:
        """The errors of requests that the checks refused: only the client's mistakes, no scripted errors."""
        return [request.error for request in self.requests if request.error and not request.checked]

    @property
    def connections(self) -> list[TcpConnection]:
        """All TCP connections, in the order they were opened."""
        return self.log.connections

    def script(self, *behaviours: Behaviour) -> None:
        """Queue behaviours for the next chat requests that pass the checks."""
        self._scripts["chat"].extend(behaviours)

    def script_transcriptions(self, *behaviours: Behaviour) -> None:
        """Queue behaviours for the next transcriptions: TranscribeAs, or a fault."""
        self._scripts["transcription"].extend(behaviours)

    def script_speeches(self, *behaviours: Behaviour) -> None:
        """Queue behaviours for the next requests for speech: Speak, or a fault."""
        self._scripts["speech"].extend(behaviours)

    def script_models(self, *behaviours: Behaviour) -> None:
        """Queue faults for the next requests for a model's description."""
        self._scripts["model"].extend(behaviours)

    def forget_audio(self) -> None:
        """Expire every audio id now."""
        self._spoken.clear()

    async def wait_for_chats(self, count: int) -> list[ReceivedRequest]:
        """Return the chat requests once `count` have arrived whole."""
        return await self.log.wait(lambda request: request.path == "/chat/completions" and request.whole, count)

    async def _name_request(self, request: web.Request, response: web.StreamResponse) -> None:
        response.headers["x-request-id"] = f"req_{next(self._numbers):016x}"

    def _accept(self, runner: web.AppRunner) -> asyncio.BaseProtocol:
        assert runner.server is not None
        protocol = runner.server()
        self._protocols[id(protocol)] = len(self.connections)
        self.connections.append(TcpConnection())
        return protocol

    def _guarded(self, handle: Callable[[web.Request, ReceivedRequest], Any]) -> Callable[[web.Request], Any]:
        """Wrap a handler: record the request, check the key, turn errors into responses, and notice disconnects."""

        async def handler(request: web.Request) -> web.StreamResponse:
            now = asyncio.get_running_loop().time
            self._tasks.add(request.task)
            request.task.add_done_callback(self._tasks.discard)
            number = self._protocols[id(request.protocol)]
            self.connections[number].requests += 1
            headers = {name: request.headers[name] for name in KEPT_HEADERS if name in request.headers}
            record = ReceivedRequest(request.path.removeprefix("/v1"), headers, now(), number)
            self.log.add(record)
            try:
                if record.path in self.missing:
                    raise ApiError(404, "File Not Found", "not_found_error")  # as llama.cpp says it
                self._check_key(request.headers.get("Authorization", ""))
                response = await handle(request, record)
            except ApiError as error:
                record.error = error
                record.status, body = self.dialect.error(error)
                text = body if isinstance(body, str) else None
                response = web.json_response(body, status=record.status, headers=error.headers)
                if text is not None:
                    response = web.Response(text=text, status=record.status, headers=error.headers)
            except asyncio.CancelledError:
                record.aborted_at = now()
                raise
            except ConnectionError:
                record.aborted_at = now()
                response = web.Response(status=499)  # the client is gone and does not read it
            finally:
                self.log.touch()
            if record.aborted_at is None:
                record.done_at = record.done_at or now()
            self.log.touch()
            return response

        return handler

    def _check_key(self, authorization: str) -> None:
        kind, _, key = authorization.partition(" ")
        if kind != "Bearer" or not key.strip():
            raise ApiError(401, "You didn't provide an API key. You need to provide your API key in an Authorization "
                                "header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).")  # fmt: skip
        if key.strip() != self.key:
            raise ApiError(401, "Incorrect API key provided: sk-***. You can find your API key at "
                                "https://platform.openai.com/account/api-keys.", code="invalid_api_key")  # fmt: skip

    async def _chat(self, request: web.Request, record: ReceivedRequest) -> web.StreamResponse:
        record.body = await read_json(request, record)
        hears = self._known(record.body.get("model"), {**AUDIO_MODELS, **TEXT_MODELS}) not in TEXT_MODELS
        record.chat = chat = check_chat(record.body, hears, self._spoken_seconds, self.dialect.rules)
        record.checked = True
        self.log.touch()
        if chat.audio and not chat.speaks and dictated(record.body):
            # In a thread, as in _transcription.
            words, _ = await asyncio.to_thread(words_of, record.newest)
            behaviour = Speak(words or "[no words]", first_audio=0.0, speed=0)
        else:
            behaviour = await self._next("chat", self.default, request, record)
        if isinstance(behaviour, web.StreamResponse):
            return behaviour
        if isinstance(behaviour, Echo):
            behaviour = self._echo(behaviour, record)
        if not isinstance(behaviour, Speak):
            raise TypeError(f"no behaviour for a chat: {behaviour}")
        spoken = chat.speaks and self.dialect.speaks
        answer = capped(behaviour if spoken else behaviour.with_(pcm=b"", silent=False), chat)
        stamp = self._stamp(answer)
        record.audio_id = stamp.audio_id if answer.pcm else None
        record.answer_text, record.answer_pcm = answer.text, answer.pcm
        first = self.first_audio if answer.first_audio is None else answer.first_audio
        pace = Pace(first, self.speed if answer.speed is None else answer.speed)
        if chat.stream and Oddity.WHOLE not in answer.oddities:
            return await send_stream(request, record, pieces(answer, chat, stamp, pace, self.dialect))
        await asyncio.sleep(pace.sound(answer.seconds))
        record.status = 200
        return web.json_response(complete(answer, chat, stamp))

    async def _transcription(self, request: web.Request, record: ReceivedRequest) -> web.StreamResponse:
        name, record.file = await read_form(request, record)
        self._known(record.body.get("model"), TRANSCRIPTION_MODELS)
        record.pcm = check_transcription(record.body, name, record.file)
        record.checked = True
        self.log.touch()
        behaviour = await self._next("transcription", self.default_transcription, request, record)
        if isinstance(behaviour, web.StreamResponse):
            return behaviour
        delay, languages = self.transcribe_delay, []
        if isinstance(behaviour, TranscribeAs):
            text, delay = behaviour.text, delay if behaviour.delay is None else behaviour.delay
        else:
            # In a thread, because the first call loads all clips, which must not stall the streams of other requests.
            text, languages = await asyncio.to_thread(words_of, record.pcm)
            if not text and self.transcribe:
                text = self.transcribe(to_wav(record.pcm, HEAR_RATE))
        await asyncio.sleep(delay)
        record.heard, record.status = text, 200
        return web.json_response(transcription(text, languages, record.pcm))

    async def _speech(self, request: web.Request, record: ReceivedRequest) -> web.StreamResponse:
        record.body = await read_json(request, record)
        self._known(record.body.get("model"), SPEECH_MODELS)
        check_speech(record.body, any_voice=not self.dialect.rules.voices)
        record.checked = True
        self.log.touch()
        text = record.body["input"]
        behaviour = await self._next("speech", self.default_speech, request, record)
        if isinstance(behaviour, web.StreamResponse):
            return behaviour
        if not isinstance(behaviour, Speak):
            behaviour = Speak(text, await asyncio.to_thread(said, text))
        record.answer_text, record.answer_pcm = text, behaviour.pcm
        first = self.speech_delay if behaviour.first_audio is None else behaviour.first_audio
        speed = self.speed if behaviour.speed is None else behaviour.speed
        return await send_speech(request, record, behaviour, record.body.get("response_format", "mp3"), first, speed)

    async def _models(self, request: web.Request, record: ReceivedRequest) -> web.StreamResponse:
        record.checked = True
        behaviour = await self._next("model", None, request, record)
        if isinstance(behaviour, web.StreamResponse):
            return behaviour
        record.status = 200
        names, owner = [*AUDIO_MODELS, *TEXT_MODELS, *TRANSCRIPTION_MODELS, *SPEECH_MODELS], "system"
        if self.dialect.lists_models:
            names, owner = ["model.gguf"], "llamacpp"
        return web.json_response(
            {"object": "list", "data": [{"id": name, "object": "model", "owned_by": owner} for name in names]}
        )

    async def _model(self, request: web.Request, record: ReceivedRequest) -> web.StreamResponse:
        if self.dialect.lists_models:
            record.checked, record.status = True, 404
            error = {"message": "File Not Found", "type": "not_found_error", "code": 404}
            return web.json_response({"error": error}, status=404)
        models = {**AUDIO_MODELS, **TEXT_MODELS, **TRANSCRIPTION_MODELS, **SPEECH_MODELS}
        name = self._known(request.match_info["model"], models)
        record.checked = True
        behaviour = await self._next("model", None, request, record)
        if isinstance(behaviour, web.StreamResponse):
            return behaviour
        record.status = 200
        shutdown = models.get(name)
        answer = {"id": name, "object": "model", "created": 1_767_225_600, "owned_by": "system"}
        return web.json_response({**answer, "shutdown_date": shutdown})

    async def _next(
        self, kind: str, default: Behaviour | None, request: web.Request, record: ReceivedRequest
    ) -> Plain | web.StreamResponse | None:
        """Take the next behaviour. Run it here if it ends the request without an answer."""
        script = self._scripts[kind]
        behaviour = script.popleft() if script else default
        if callable(behaviour):
            behaviour = behaviour(record)
        match behaviour:
            case Refuse():
                record.error = behaviour.error()
                raise record.error
            case Hang():
                await hang()
            case Reset():
                reset(request)
                return web.Response()
            case ProxyPage():
                record.status = behaviour.status
                return web.Response(status=behaviour.status, text=behaviour.text, content_type=behaviour.content_type)
        return behaviour

    def _known(self, model: object, models: dict[str, str | None]) -> str:
        if model is None:
            raise missing("model")
        name = str(model).removeprefix(self.dialect.prefix)
        if name not in models and not self.dialect.any_model:
            raise ApiError(404, f"The model `{model}` does not exist or you do not have access to it.",
                           code="model_not_found")  # fmt: skip
        return name

    def _spoken_seconds(self, audio_id: str) -> float | None:
        length, expires = self._spoken.get(audio_id, (0.0, 0.0))
        return length if asyncio.get_running_loop().time() < expires else None

    def _stamp(self, answer: Speak) -> ResponseIds:
        number, now = next(self._numbers), time.time()
        audio_id = f"audio_{number:024x}"
        if answer.pcm:
            self._spoken[audio_id] = (answer.seconds, asyncio.get_running_loop().time() + self.audio_life)
        return ResponseIds(f"chatcmpl-{number:08x}", int(now), audio_id, int(now + self.audio_life))

    def _echo(self, echo: Echo, record: ReceivedRequest) -> Speak:
        if record.chat and not record.chat.speaks and (text := written(record.body)):
            return Speak(text, first_audio=echo.first_audio, speed=0)
        if record.chat and not record.chat.speaks and not record.chat.audio:
            return Speak(f"This is what I heard you say: {quoted(record.body)}", first_audio=echo.first_audio, speed=0)
        heard, languages = words_of(record.newest)
        said = Speak.clip("bot-kikoeta" if languages == ["ja"] else "bot-heard")
        back = resample(record.newest, HEAR_RATE, SPEAK_RATE)
        return said.with_(text=f"{said.text} {heard}".strip(), pcm=said.pcm + back,
                          first_audio=echo.first_audio, speed=echo.speed)  # fmt: skip


async def _nowhere(request: web.Request, record: ReceivedRequest) -> web.StreamResponse:
    raise ApiError(404, f"Invalid URL ({request.method} {request.path})")
