"""Recordings that cannot be read."""

from bot.errors.base import BotError


class BadAudio(BotError):
    code = "bad_audio"
    default_hint = "I could not read that recording. Send an audio file such as ogg, mp3, m4a or wav."


class NotAudio(BadAudio):
    code = "not_audio"
    default_hint = "There is no sound in that file. Send an audio file such as ogg, mp3, m4a or wav."


class EmptyAudio(BadAudio):
    code = "empty_audio"
    default_hint = "That recording is empty. Record it again, and wait until it is saved."


class SilentAudio(BadAudio):
    code = "silent_audio"
    default_hint = "There is only silence in that recording, every sample of it. Was the microphone muted?"


class TruncatedAudio(BadAudio):
    code = "truncated_audio"
    default_hint = "That recording breaks off before its end. Upload it again."


class AudioTooLong(BadAudio):
    code = "audio_too_long"
    default_hint = "That recording is too long: I listen to 30 minutes. Send it in parts."


class AudioTooLarge(BadAudio):
    code = "audio_too_large"
    default_hint = "That file is too large: I read 25 MB. Send it as mp3 or ogg, or in parts."


class AbsurdAudio(BadAudio):
    code = "absurd_audio"
    default_hint = "That recording's header makes no sense. Save it again as ogg, mp3, m4a or wav."
