"""What can go wrong, as one tree.

    BotError
    ├── ConfigError             settings missing or wrong (exit code 78)
    ├── StartError              the process cannot start or go on
    │   └── LoginError          Discord refuses the token
    ├── VoiceError
    │   ├── OpusMissing         no libopus could be loaded
    │   ├── JoinError           the voice channel could not be entered
    │   │   ├── MissingPermissions
    │   │   ├── ChannelFull
    │   │   ├── AlreadyInCall   another channel of this server has the bot
    │   │   └── EncryptionRefused   close code 4017: DAVE was not negotiated
    │   ├── NotInCall
    │   ├── LinkLost            the voice connection could not be kept
    │   └── CallCrashed         a bug ended a call
    ├── EngineError             the model, see engine/
    │   ├── ModelAuth           401, 403: the operator must fix the key
    │   ├── OutOfCredit         429 with insufficient_quota or credit_balance_exhausted
    │   ├── RateLimited         other 429, 503 slow_down
    │   ├── ModelUnavailable    404 model_not_found
    │   │   └── TextModelUnavailable    the same of the model that only writes
    │   ├── HistoryExpired      400 audio_not_found; healed, people are never told
    │   ├── BadRequest          other 400, 422: a bug of ours
    │   ├── Unreachable         5xx, network, timeout
    │   └── Incomplete          cut off, filtered, or no audio
    ├── BadAudio                a recording that cannot be read
    │   ├── NotAudio            there is no sound track in it
    │   ├── EmptyAudio          there is a track, and nothing on it
    │   ├── TruncatedAudio      it ends before it says it does
    │   ├── AudioTooLong        more minutes than are heard
    │   ├── AudioTooLarge       more bytes than are read
    │   └── AbsurdAudio         its header claims what no recording has
    ├── BudgetSpent
    ├── JobError                work beyond the call
    │   ├── JobsFull            too many of one person or server
    │   ├── AlreadyAtIt         the same was asked for before, and is not done yet
    │   ├── JobCancelled        somebody pressed Cancel
    │   ├── PartFailed          a part of a long work could not be made
    │   ├── NothingSaid         no talk to catch up on
    │   └── BadDocument         a text that cannot be read, or holds none
    │       └── DocumentTooLong
    └── StoreError
        ├── StoreUnavailable    locked, full or gone: the call goes on without memory
        └── WrongKey            STORE_KEY does not open what is stored

Each error carries a `code`, by which chat/i18n.py finds the sentence in the reader's language, and a `hint`: one
English sentence for the person who meets it, saying what to do. Messages never hold speech, names or secrets.
"""

from typing import ClassVar


class BotError(Exception):
    """The root: `str(error)` is for the log, `hint` for the person who meets it."""

    code: ClassVar[str] = "internal"
    default_hint: ClassVar[str] = "Something went wrong on my side."

    def __init__(self, detail: str = "", *, hint: str | None = None) -> None:
        super().__init__(detail or self.default_hint)
        self.hint = hint or self.default_hint


class ConfigError(BotError):
    """Settings that cannot be used; `faults` names each, without its value."""

    code = "config"
    default_hint = "Mend the settings named above; .env.example describes each."

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class StartError(BotError):
    code = "start"
    default_hint = "Discord could not be reached. Check the network and DISCORD_API_BASE."


class LoginError(StartError):
    code = "login"
    default_hint = "Discord refused the token. Copy a new one from the developer portal into DISCORD_TOKEN."


class VoiceError(BotError):
    code = "voice"
    default_hint = "The voice connection failed."


class OpusMissing(VoiceError):
    code = "opus_missing"
    default_hint = "No libopus was found. Install it, or point OPUS_LIBRARY at it."


class JoinError(VoiceError):
    code = "join"
    default_hint = "I could not enter the voice channel. Try again in a moment."


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
    default_hint = "I am in another voice channel of this server. Use /leave there first."


class EncryptionRefused(JoinError):
    code = "encryption_refused"
    default_hint = "Discord did not accept my end-to-end encryption. The bot needs an update."


class NotInCall(VoiceError):
    code = "not_in_call"
    default_hint = "I am not in a voice channel here. Use /join first."


class LinkLost(VoiceError):
    code = "link_lost"
    default_hint = "I lost the voice connection and could not get it back. Use /join to call me again."


class CallCrashed(VoiceError):
    code = "call_crashed"
    default_hint = "Something went wrong on my side, and I had to leave. Use /join to call me again."


class EngineError(BotError):
    code = "engine"
    default_hint = "The model could not answer."


class ModelAuth(EngineError):
    code = "model_auth"
    default_hint = "The model refuses the key. Whoever runs this bot must check OPENAI_API_KEY."


class OutOfCredit(EngineError):
    code = "out_of_credit"
    default_hint = "The model's account is out of credit. Whoever runs this bot must top it up."


class RateLimited(EngineError):
    code = "rate_limited"
    default_hint = "The model is busy. Try again in a moment."


class ModelUnavailable(EngineError):
    code = "model_unavailable"
    default_hint = "The model is not available to this account. Whoever runs this bot must check OPENAI_MODEL."


class TextModelUnavailable(ModelUnavailable):
    code = "text_model_unavailable"
    default_hint = "The model that writes is not available here. Whoever runs this bot must check TEXT_MODEL."


class HistoryExpired(EngineError):
    code = "history_expired"
    default_hint = "An earlier answer is no longer available to the model."


class BadRequest(EngineError):
    code = "bad_request"
    default_hint = "The model did not understand my request. This is a fault of the bot."


class Unreachable(EngineError):
    code = "unreachable"
    default_hint = "I have trouble reaching the model. Please say that again in a moment."


class Incomplete(EngineError):
    code = "incomplete"
    default_hint = "The answer broke off. Please ask again."


class BadAudio(BotError):
    code = "bad_audio"
    default_hint = "I could not read that recording. Send an audio file such as ogg, mp3, m4a or wav."


class NotAudio(BadAudio):
    code = "not_audio"
    default_hint = "There is no sound in that file. Send an audio file such as ogg, mp3, m4a or wav."


class EmptyAudio(BadAudio):
    code = "empty_audio"
    default_hint = "That recording is empty. Record it again, and wait until it is saved."


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


class BudgetSpent(BotError):
    code = "budget_spent"
    default_hint = "Today's budget is spent. Answers come back tomorrow."


class JobError(BotError):
    code = "job"
    default_hint = "That work could not be finished."


class JobsFull(JobError):
    code = "jobs_full"
    default_hint = "I have my hands full. Wait until the work asked for before is done."


class AlreadyAtIt(JobError):
    code = "already_at_it"
    default_hint = "I am already at work on exactly that."


class JobCancelled(JobError):
    code = "job_cancelled"
    default_hint = "Cancelled."


class PartFailed(JobError):
    """`part` counts from 1; `step` says of what, "script" for instance. What was made before is kept."""

    code = "part_failed"
    default_hint = "{what} failed. What is done is kept: ask for the same again to go on from there. ({reason})"
    steps: ClassVar[dict[str, str]] = {
        "script": "Part {part} of {parts} of the script",
        "voices": "Part {part} of {parts} of the speech",
        "listening": "Part {part} of {parts} of the recording",
        "summing": "Summing up the {parts} parts",
    }

    def __init__(self, step: str, part: int, parts: int, reason: BotError) -> None:
        what = self.steps[step].format(part=part, parts=parts)
        hint = self.default_hint.format(what=what, reason=reason.hint)
        super().__init__(f"{step}: part {part} of {parts}: {reason.code}", hint=hint)
        self.step = step
        self.part = part
        self.parts = parts
        self.reason = reason


class NothingSaid(JobError):
    code = "nothing_said"
    default_hint = "Nothing was said there in that time, as far as I remember."


class BadDocument(JobError):
    code = "bad_document"
    default_hint = "I could not read that text. Send plain text, Markdown, a PDF with text in it, or subtitles."


class DocumentTooLong(BadDocument):
    code = "document_too_long"
    default_hint = "That text is too long: I read 200,000 characters. Send it in parts."


class StoreError(BotError):
    code = "store"
    default_hint = "My memory is out of order."


class StoreUnavailable(StoreError):
    code = "store_unavailable"
    default_hint = "My memory is off for now: I go on, but will not remember this."


class WrongKey(StoreError):
    code = "wrong_key"
    default_hint = "STORE_KEY does not open what is stored. Set the key it was written with."
