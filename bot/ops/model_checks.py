"""The checks of `doctor` on the models: each role by itself, on its own server."""

import ssl
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from bot.audio import SPEAK_RATE, at_hear_rate, earcon, seconds
from bot.config import Settings
from bot.engine.local.models import LOCAL_HINT
from bot.engine.local.running import local_models
from bot.engine.model_check import ModelState
from bot.engine.open import Engines, open_engines
from bot.engine.roles import ModelRole, RoleName, roles_of
from bot.errors import BotError, EngineError, ModelAuth, ModelUnavailable, Unreachable
from bot.ops.doctor_report import Finding, Status
from bot.types import AudioDelta, ReplyRequest, RoomContext, Turn, Typed, Utterance

MAY_LIST_NOTHING = (RoleName.TRANSCRIBE, RoleName.SPEECH)
"""Roles for which there are servers with that one path and no other."""
SPOKEN_TRIAL = "One, two, three."
"""What a voice on this machine says, and the recogniser beside it writes down."""
MAX_TRIED_SECONDS = 2.0
"""Of the sound that a live check asks for."""


async def model(settings: Settings, tls: ssl.SSLContext, *, live: bool) -> AsyncIterator[Finding]:
    """Check each server's key and the models there; `live` asks for one spoken word, which costs a fraction of a cent.

    What one server does not do says nothing of the others.
    """
    missing = [fault for one in local_models(settings, roles_of(settings)).values() for fault in one.faults()]
    for number, fault in enumerate(missing):
        yield Finding("model", Status.FAIL, fault, "" if number else LOCAL_HINT)
    if missing:
        return
    sound = True
    async with open_engines(settings, tls) as engines:
        for roles in _by_server([role for role in engines.roles if not role.local]):
            async for finding in _server(engines, roles, alone=len(roles) == len(engines.roles)):
                sound &= finding.status is not Status.FAIL
                yield finding
        async for finding in _local(settings, engines):
            sound &= finding.status is not Status.FAIL
            yield finding
        if live and sound:
            async for finding in _live(settings, engines):
                yield finding


async def _local(settings: Settings, engines: Engines) -> AsyncIterator[Finding]:
    """Let what runs on this machine speak and hear once: it costs nothing."""
    here = {role.name: role for role in engines.roles if role.local}
    check, sound = "", earcon()
    try:
        if role := here.get(RoleName.SPEECH):
            check, began = "voice", time.monotonic()
            made = await engines.write.say("", SPOKEN_TRIAL, lambda *_: None, voice=settings.voice, verbatim=True)
            yield Finding(
                check, Status.OK, f"{role.model} spoke {made.seconds:.1f} s after {time.monotonic() - began:.1f} s"
            )
            sound = made.pcm
        if role := here.get(RoleName.TRANSCRIBE):
            check, began = "recogniser", time.monotonic()
            length = seconds(sound, SPEAK_RATE)
            heard = await engines.transcribe.transcribe(
                Utterance(1, 0, 0.0, at_hear_rate(sound), length, "silence"), settings.language, ()
            )
            words = f': "{heard.text}"' if RoleName.SPEECH in here else ""
            yield Finding(
                check, Status.OK, f"{role.model} heard {length:.1f} s after {time.monotonic() - began:.1f} s{words}"
            )
    except BotError as error:
        hint = f"Delete its folder in {settings.local_models_dir}, then run `python -m bot models`."
        yield Finding(check, Status.FAIL, str(error), hint)


def _by_server(roles: Sequence[ModelRole]) -> list[list[ModelRole]]:
    """Return the roles that share a server and a key together."""
    servers: dict[tuple[str, str], list[ModelRole]] = {}
    for role in roles:
        servers.setdefault((role.base_url, role.key.get_secret_value()), []).append(role)
    return list(servers.values())


async def _server(engines: Engines, roles: Sequence[ModelRole], *, alone: bool) -> AsyncIterator[Finding]:
    """Check the models of one server; `alone`: there is no other."""
    first = roles[0]
    states: dict[RoleName, ModelState] = {}
    try:
        for role in roles:
            states[role.name] = await engines.check(role)
    except BotError as error:
        whose = "" if alone else f" ({', '.join(role.model_setting for role in roles)})"
        yield Finding("model", Status.FAIL, f"{error.code}: {first.base_url}{whose}", _hint(error))
        return
    own = not first.dialect.official
    hub = next((role for role in roles if role.name is RoleName.TRANSCRIBE and "/" in role.model), None)
    lists_hub_names = own and hub is not None and states[hub.name].available
    for role in roles:
        yield _finding(role, states[role.name], lists_hub_names=lists_hub_names and role is not hub)


def _finding(role: ModelRole, state: ModelState, *, lists_hub_names: bool) -> Finding:
    """Judge a model. A server of one's own may list a part of what it offers: speaches asks Ollama for words."""
    name = role.model
    if not state.listed:
        hint = f"Check {role.address_setting}: most addresses end in /v1."
        if role.name in MAY_LIST_NOTHING and not role.dialect.official:
            hint = f"`doctor --live` tells whether it answers. If not: {hint[0].lower()}{hint[1:]}"
            return Finding("model", Status.WARN, f"{role.server} does not list its models", hint)
        return Finding("model", Status.FAIL, f"no models at {role.base_url}/models", hint)
    if not state.available and lists_hub_names:
        hint = f"`doctor --live` shows whether it answers. If not: `ollama pull {name}`, or check {role.model_setting}."
        return Finding("model", Status.WARN, f"{name} is not listed by this server", hint)
    if not state.available:
        hint = f"Check {role.model_setting} and which models the API key's account may use."
        if not role.dialect.official:
            hint = f"Pull it (speaches: curl -X POST {role.base_url}/models/{name}), or check {role.model_setting}."
        return Finding("model", Status.FAIL, f"{name} is not available", hint)
    if state.shutdown_date:
        ended = state.shutdown_date <= datetime.now(UTC).date()
        detail = f"{name} {'was' if ended else 'will be'} shut down on {state.shutdown_date}"
        return Finding("model", Status.FAIL if ended else Status.WARN, detail, "Choose another model.")
    return Finding("model", Status.OK, f"{name} is available")


def _hint(error: BotError) -> str:
    """Return what the operator can do; the hint for people in a call does not always help them."""
    if isinstance(error, Unreachable):
        return f"Check {error.blamed.address_setting}, the network and SSL_CERT_FILE."
    return f"Check {error.blamed.key_setting}." if isinstance(error, ModelAuth) else error.hint


def _whose(error: BotError) -> str:
    """Return an error with the server that it is from, as far as that is known."""
    blamed = error.blamed if isinstance(error, EngineError) else None
    return f"{error.code}: {blamed.model} on {blamed.server}" if blamed and blamed.server else error.code


async def _live(settings: Settings, engines: Engines) -> AsyncIterator[Finding]:
    """Let it speak, and write down what it said: so each role is tried by itself."""
    began = time.monotonic()
    turn = Turn(1, 0, (), 0.0, (Typed(0, "Say only: yes.", 0.0),))
    room = RoomContext(
        "Kikite", "doctor", {0: "Doctor"}, datetime.now(UTC), voice=settings.voice, max_seconds=MAX_TRIED_SECONDS
    )
    spoke, sound = 0.0, bytearray()
    try:
        async for event in engines.reply.reply(ReplyRequest(turn, (), room)):
            if isinstance(event, AudioDelta):
                spoke = spoke or time.monotonic() - began
                sound += event.pcm
    except BotError as error:
        if not sound:
            yield Finding("model live", Status.FAIL, _whose(error), _hint(error))
            return
    if not sound:
        yield Finding("model live", Status.FAIL, "it answered without sound", "Choose an audio chat model.")
        return
    yield Finding("model live", Status.OK, f"spoke after {spoke:.1f} s")
    began = time.monotonic()
    said = Utterance(1, 0, 0.0, at_hear_rate(bytes(sound)), seconds(bytes(sound), SPEAK_RATE), "silence")
    try:
        await engines.transcribe.transcribe(said, settings.language, ())
    except BotError as error:
        hint = "Check TRANSCRIBE_MODEL; if this server has no /audio/transcriptions, set TRANSCRIBE_BASE_URL to one."
        hint = hint if isinstance(error, ModelUnavailable) else _hint(error)
        yield Finding("transcription live", Status.FAIL, _whose(error), hint)
        return
    yield Finding("transcription live", Status.OK, f"wrote it down after {time.monotonic() - began:.1f} s")
