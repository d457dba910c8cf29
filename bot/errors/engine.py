"""What can go wrong with the model; engine/faults.py decides which of these a response is."""

from bot.errors.base import BotError


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


class UnplayableSound(EngineError):
    code = "unplayable_sound"
    default_hint = (
        "The model's server sends sound that I cannot play, so I write the answer. "
        "Whoever runs this bot must check the server's audio format."
    )
