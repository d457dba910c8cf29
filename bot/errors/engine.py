"""What can go wrong with the model; engine/faults.py decides which of these a response is."""

from dataclasses import asdict, dataclass

from bot.errors.base import BotError


@dataclass(frozen=True, slots=True)
class BlamedModel:
    """The model that failed, and the settings that name it."""

    model_setting: str = "OPENAI_MODEL"
    key_setting: str = "OPENAI_API_KEY"
    address_setting: str = "OPENAI_BASE_URL"
    model: str = ""
    server: str = ""
    "name of its server; empty: that of OPENAI_BASE_URL"


class EngineError(BotError):
    """`blamed` is which of the models failed; hints may name its settings."""

    code = "engine"
    default_hint = "The model couldn't answer."

    def __init__(self, detail: str = "", *, hint: str | None = None) -> None:
        super().__init__(detail or self.default_hint.format_map(asdict(BlamedModel())), hint=hint)
        self._given_hint = hint
        self.blame(BlamedModel())

    def blame(self, model: BlamedModel) -> None:
        """Say that it was this model."""
        self.blamed = model
        self.hint = self._given_hint or self.default_hint.format_map(asdict(model))


class ModelAuth(EngineError):
    code = "model_auth"
    default_hint = "The model's server rejected the API key. The bot's operator needs to check {key_setting}."


class OutOfCredit(EngineError):
    code = "out_of_credit"
    default_hint = "The model account is out of credit. The bot's operator needs to top it up."


class RateLimited(EngineError):
    code = "rate_limited"
    default_hint = "The model is busy. Try again in a moment."


class ModelUnavailable(EngineError):
    code = "model_unavailable"
    default_hint = "The model isn't available to this account. The bot's operator needs to check {model_setting}."


class DeafModel(ModelUnavailable):
    code = "deaf_model"
    default_hint = "The model can't hear. The bot's operator needs to set {model_setting} to one that takes audio."


class HistoryExpired(EngineError):
    code = "history_expired"
    default_hint = "An earlier answer has expired on the model's side."


class RequestTooLarge(EngineError):
    code = "request_too_large"
    default_hint = (
        "That's more than the model's server takes at once. Try shorter parts. "
        "The bot's operator can raise the limit, often that of a proxy."
    )


class BadRequest(EngineError):
    code = "bad_request"
    default_hint = "The model rejected my request. This is a bug in the bot."


class Unreachable(EngineError):
    code = "unreachable"
    default_hint = "I'm having trouble reaching the model. Please say that again in a moment."


class SlowAnswer(EngineError):
    code = "slow_answer"
    default_hint = "The model is still writing its answer. It's coming soon."


class Incomplete(EngineError):
    code = "incomplete"
    default_hint = "The answer was cut off. Please ask again."


class UnplayableSound(EngineError):
    code = "unplayable_sound"
    default_hint = (
        "The model's server sends audio I can't play, so I'm answering in text. "
        "The bot's operator needs to check the server's audio format."
    )
