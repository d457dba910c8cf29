"""What bot/voice/link/connection.py (and the client in join.py) takes for granted about discord.py, most of it private.

When a test fails after raising the pin, discord.py has changed under it: read what the name is for in the table, see
in discord/voice_state.py, voice_client.py and gateway.py what took its place, mend connection.py, then this table.
Last, run `./dev pytest tests/e2e/test_link.py tests/e2e/test_link_faults.py`.
"""

import ast
import inspect
import re
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

import discord
import pytest
from discord import gateway, utils, voice_client, voice_state
from discord.gateway import DiscordVoiceWebSocket
from discord.voice_state import ConnectionFlowState, VoiceConnectionState

from bot.voice.link import connection, join

PIN = "2.7.1"

STATE_ATTRIBUTES = {
    "session_id": "set by link from VOICE_STATE_UPDATE, sent in IDENTIFY and RESUME",
    "token": "set by link from VOICE_SERVER_UPDATE, sent in IDENTIFY and RESUME",
    "endpoint": "set by link from VOICE_SERVER_UPDATE, dialled as wss://{endpoint}/?v=8",
    "server_id": "set by link from VOICE_SERVER_UPDATE, sent in IDENTIFY and RESUME",
    "ip": "our address as the voice server sees it; reset by link for each session",
    "port": "the same",
    "ssrc": "ours, from READY; goes into IP discovery",
    "socket": "made by link; discord.py connects it to the voice server",
    "ws": "the voice gateway; made by link, used by VoiceClient.ws",
    "secret_key": "of the transport encryption: a new list for each; for the receiver and the sealer",
    "dave_session": "the davey session; the same",
    "dave_protocol_version": "0: no end-to-end encryption; the same",
    "dave_pending_transitions": "transition to version; empty, but for the one that is just executed",
    "dave_downgraded": "the next transition has people behind it who may still be in the clear",
    "state": "disconnected or connected, all that link uses of the flow",
    "hook": "our coroutine, given every JSON message of the voice gateway",
    "voice_client": "the VoiceClient that it belongs to",
}
STATE_METHODS = {
    "can_encrypt": "whether the DAVE group has us as a member",
    "is_connected": "what VoiceClient.is_connected and the pacer ask",
    "_recover_from_invalid_commit": "sends op 31 and a new key package",
    "reinit_dave_session": "called at SESSION_DESCRIPTION and at epoch 1",
    "_execute_transition": "called at op 22, and at op 21 for transition 0; reads dave_pending_transitions",
}
REPLACED = {
    VoiceConnectionState: {
        "_socket_reader": "assigned and then started in __init__: our reader takes its place",
        "voice_state_update": "called by VoiceClient.on_voice_state_update",
        "voice_server_update": "called by VoiceClient.on_voice_server_update",
        "_connect_websocket": "nothing else of discord.py makes a voice WebSocket",
    },
    DiscordVoiceWebSocket: {
        "poll_event": "reads one message",
        "received_message": "handles a JSON message",
        "received_binary_message": "handles ops 25 to 30; raises ValueError at a proposal that davey refuses",
        "discover_ip": "called at READY with the socket connected",
        "close": "stops the heartbeat and closes",
    },
    discord.VoiceClient: {
        "create_connection_state": "called once in __init__",
        "connect": "called by VoiceChannel.connect",
        "disconnect": "called by Client.close",
    },
}
GATEWAY_NAMES = {
    "from_connection_state": "dials, then sends IDENTIFY or RESUME",
    "received_message": "handles a JSON message, then calls the hook",
    "speak": "sends op 5",
    "RESUMED": "op 9",
    "SESSION_DESCRIPTION": "op 4",
    "MLS_EXTERNAL_SENDER": "op 25",
}
SIGNATURES: list[tuple[Any, str]] = [
    (VoiceConnectionState.__init__, "(self, voice_client, *, hook=None)"),
    (DiscordVoiceWebSocket.from_connection_state, "(state, *, resume=False, hook=None, seq_ack=-1)"),
    (DiscordVoiceWebSocket.received_message, "(self, msg)"),
    (DiscordVoiceWebSocket.received_binary_message, "(self, msg)"),
    (VoiceConnectionState._execute_transition, "(self, transition_id)"),
    (DiscordVoiceWebSocket.discover_ip, "(self)"),
    (DiscordVoiceWebSocket.close, "(self, code=1000)"),
    (DiscordVoiceWebSocket.speak, "(self, state=<SpeakingState.voice: 1>)"),
    (discord.VoiceClient.__init__, "(self, client, channel)"),
    (discord.VoiceClient.connect, "(self, *, reconnect, timeout, self_deaf=False, self_mute=False)"),
    (discord.Guild.change_voice_state, "(self, *, channel, self_mute=False, self_deaf=False)"),
]


def test_discord_py_is_the_version_link_was_written_for() -> None:
    assert discord.__version__ == PIN


@pytest.fixture(scope="module")
def assigned() -> set[str]:
    """Return what VoiceConnectionState.__init__ assigns to itself, read from its source."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(VoiceConnectionState.__init__)))
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}


@pytest.mark.parametrize("name", STATE_ATTRIBUTES)
def test_the_connection_state_has(name: str, assigned: set[str]) -> None:
    assert name in assigned or isinstance(getattr(VoiceConnectionState, name, None), property), STATE_ATTRIBUTES[name]


@pytest.mark.parametrize("name", STATE_METHODS)
def test_the_connection_state_does(name: str) -> None:
    assert hasattr(VoiceConnectionState, name), STATE_METHODS[name]


@pytest.mark.parametrize(
    ("owner", "name", "why"), [(owner, name, why) for owner, names in REPLACED.items() for name, why in names.items()]
)
def test_what_link_replaces_is_there(owner: type, name: str, why: str, assigned: set[str]) -> None:
    assert hasattr(owner, name) or name in assigned, why


@pytest.mark.parametrize("name", GATEWAY_NAMES)
def test_the_voice_gateway_has(name: str) -> None:
    assert hasattr(DiscordVoiceWebSocket, name), GATEWAY_NAMES[name]


@pytest.mark.parametrize(("function", "signature"), SIGNATURES, ids=lambda value: getattr(value, "__qualname__", ""))
def test_signatures(function: Any, signature: str) -> None:
    found = inspect.signature(function)
    bare = found.replace(
        parameters=[parameter.replace(annotation=inspect.Parameter.empty) for parameter in found.parameters.values()],
        return_annotation=inspect.Signature.empty,
    )
    assert str(bare) == signature


def test_the_reader_is_assigned_and_then_started() -> None:
    """Our property takes the place of the reader between these two lines."""
    source = inspect.getsource(VoiceConnectionState.__init__)
    assert source.index("self._socket_reader = ") < source.index("self._socket_reader.start()")


def test_the_heartbeat_is_assigned_and_then_started() -> None:
    """Our property takes the place of the thread between these two lines; nothing else of it is used."""
    source = inspect.getsource(DiscordVoiceWebSocket.received_message)
    assigned = "self._keep_alive = VoiceKeepAliveHandler(ws=self, interval=min(interval, 5.0))"
    assert source.index(assigned) < source.index("self._keep_alive.start()")
    source = inspect.getsource(DiscordVoiceWebSocket)
    assert set(re.findall(r"_keep_alive\.(\w+)", source)) == {"start", "stop", "ack"}
    assert set(re.findall(r"heartbeat\.(\w+)", source)) == {"latency", "recent_ack_latencies"}


def test_the_two_states_of_the_flow() -> None:
    assert {ConnectionFlowState.connected, ConnectionFlowState.disconnected} <= set(ConnectionFlowState)


def test_the_client_delegates_to_the_state() -> None:
    source = inspect.getsource(voice_client.VoiceClient)
    for line in (
        "self._connection: VoiceConnectionState = self.create_connection_state()",
        "await self._connection.voice_state_update(data)",
        "await self._connection.voice_server_update(data)",
        "self._connection.send_packet(packet)",
    ):
        assert line in source


def test_the_hook_gets_the_socket_and_the_message_after_it_was_handled() -> None:
    source = inspect.getsource(DiscordVoiceWebSocket.received_message)
    assert source.rstrip().endswith("await self._hook(self, msg)")


def test_the_websocket_keeps_its_close_code_and_finds_its_state() -> None:
    source = inspect.getsource(DiscordVoiceWebSocket)
    for name in ("self._close_code", "self.secret_key", "self.seq_ack", "ws._connection = state", "self.ws: "):
        assert name in source


def test_link_uses_no_other_private_name() -> None:
    """A private name that connection.py uses must stand in a table above, or be connection.py's own."""
    used = private_names(connection)
    theirs = {
        name
        for module in (voice_state, gateway, voice_client, utils)
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        for name in [getattr(node, "attr", None) or getattr(node, "name", None)]
        if isinstance(name, str) and name.startswith("_") and not name.startswith("__")
    }
    known = STATE_METHODS.keys() | {name for names in REPLACED.values() for name in names}
    assert (used & theirs) - known == {"_close_code", "_connection"}
    assert private_names(join) & theirs == set()


def private_names(module: ModuleType) -> set[str]:
    tree = ast.parse(Path(inspect.getfile(module)).read_text(encoding="utf-8"))
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr.startswith("_")}
