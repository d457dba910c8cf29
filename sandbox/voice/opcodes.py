"""Opcodes of voice gateway version 8 (Discord's documentation, "Voice Connections" and "Opcodes and Status Codes").

The sandbox has its own list, apart from bot/voice, because a mistake in one must not hide a mistake in the other.
"""

IDENTIFY, SELECT_PROTOCOL, READY, HEARTBEAT, SESSION_DESCRIPTION, SPEAKING = 0, 1, 2, 3, 4, 5
HEARTBEAT_ACK, RESUME, HELLO, RESUMED = 6, 7, 8, 9
CLIENTS_CONNECT, CLIENT_DISCONNECT = 11, 13
CLIENT_FLAGS, CLIENT_PLATFORM = 18, 20
"Undocumented. Discord sends them when somebody connects, and clients must ignore them."
PREPARE_TRANSITION, EXECUTE_TRANSITION, TRANSITION_READY, PREPARE_EPOCH = 21, 22, 23, 24
EXTERNAL_SENDER, KEY_PACKAGE, PROPOSALS, COMMIT_WELCOME, ANNOUNCE_COMMIT, WELCOME = 25, 26, 27, 28, 29, 30
INVALID_COMMIT_WELCOME = 31
