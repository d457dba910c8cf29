"""What can go wrong on the way into a voice channel and in it."""

from bot.errors.base import BotError


class VoiceError(BotError):
    code = "voice"
    default_hint = "The voice connection failed."


class OpusMissing(VoiceError):
    code = "opus_missing"
    default_hint = "libopus was not found. Install it, or set OPUS_LIBRARY to its path."


class JoinError(VoiceError):
    code = "join"
    default_hint = "I couldn't join the voice channel. Try again in a moment."


class MissingPermissions(JoinError):
    """`missing` names the permissions as Discord's settings do: View Channel, Connect, Speak."""

    code = "permissions"
    default_hint = "Give my role these permissions in the channel's settings, then try again."

    def __init__(self, missing: list[str]) -> None:
        super().__init__("missing permissions: " + ", ".join(missing))
        self.missing = missing


class ChannelFull(JoinError):
    code = "channel_full"
    default_hint = "The voice channel is full. Raise its user limit or make room for one more."


class AlreadyInCall(JoinError):
    code = "already_in_call"
    default_hint = "I'm in another voice channel on this server. Use /leave there first."


class EncryptionRefused(JoinError):
    code = "encryption_refused"
    default_hint = "Discord didn't accept my end-to-end encryption. The bot needs an update."


class VoiceOutdated(JoinError):
    code = "voice_outdated"
    default_hint = (
        "Discord's voice servers no longer support my protocol version. The bot's operator needs to update me."
    )


class VoiceLimited(JoinError):
    code = "voice_limited"
    default_hint = "Discord limits how often I can connect to voice. Wait a few minutes, then use /join."


class Unwanted(JoinError):
    code = "unwanted"
    default_hint = "Somebody disconnected me while I was joining. Use /join to bring me back."


class NotInCall(VoiceError):
    code = "not_in_call"
    default_hint = "I'm not in a voice channel you can see. Use /join first."


class LinkLost(VoiceError):
    code = "link_lost"
    default_hint = "I lost the voice connection and couldn't restore it. Use /join to bring me back."


class LinkUnexplained(VoiceError):
    code = "link_unexplained"
    default_hint = "Discord disconnected me without a reason, so I'm staying out. Use /join to bring me back."


class CallCrashed(VoiceError):
    code = "call_crashed"
    default_hint = "Something went wrong and I had to leave. Use /join to bring me back."
