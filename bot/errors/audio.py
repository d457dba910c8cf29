"""Recordings that cannot be read."""

from bot.errors.base import BotError


class BadAudio(BotError):
    code = "bad_audio"
    default_hint = "I couldn't read that recording. Send an audio file such as ogg, mp3, m4a or wav."


class NotAudio(BadAudio):
    code = "not_audio"
    default_hint = "There's no sound in that file. Send an audio file such as ogg, mp3, m4a or wav."


class EmptyAudio(BadAudio):
    code = "empty_audio"
    default_hint = "That recording is empty. Record it again and wait until it is saved."


class SilentAudio(BadAudio):
    code = "silent_audio"
    default_hint = "That recording is completely silent. Was the microphone muted?"


class TruncatedAudio(BadAudio):
    code = "truncated_audio"
    default_hint = "That recording is cut off before its end. Upload it again."


class LockedAudio(BadAudio):
    code = "locked_audio"
    default_hint = "That file is password-protected. Save it without a password and resend it."


class AudioTooLong(BadAudio):
    code = "audio_too_long"
    default_hint = "That recording is too long (limit: 30 minutes). Send it in parts."


class AudioTooLarge(BadAudio):
    code = "audio_too_large"
    default_hint = "That file is too large (limit: 25 MB). Send it as mp3 or ogg, or in parts."


class AbsurdAudio(BadAudio):
    code = "absurd_audio"
    default_hint = "That recording's header is invalid. Save it again as ogg, mp3, m4a or wav."
