"""Where sound and words go: which models, on which servers."""

from collections.abc import Iterable

from bot.chat import escape
from bot.chat.i18n import Words
from bot.config import Settings
from bot.engine.roles import ModelRole, RoleName, roles_of

_GET_SOUND = (RoleName.CHAT, RoleName.TRANSCRIBE)
_GET_WORDS = (RoleName.CHAT, RoleName.TEXT, RoleName.SPEECH)


def answering(settings: Settings, words: Words) -> str:
    """Return the names of the models that answer, without the one that writes down what people say."""
    models = [role.model for role in roles_of(settings).values() if role.name is not RoleName.TRANSCRIBE]
    return words.listed(dict.fromkeys(models))


def servers(settings: Settings, words: Words) -> str:
    """Return the names of all servers that get anything."""
    return words.listed(dict.fromkeys(escape.escape(role.server) for role in roles_of(settings).values()))


def destinations(settings: Settings, words: Words) -> str:
    """Return one line on who gets sound, and who gets words."""
    roles = roles_of(settings)
    get_sound, get_words = (
        _listed((roles[name] for name in names if name in roles), words) for names in (_GET_SOUND, _GET_WORDS)
    )
    return words("destinations", sound=get_sound, words=get_words)


def _listed(roles: Iterable[ModelRole], words: Words) -> str:
    """Name each server once, behind its models."""
    by_server: dict[str, list[str]] = {}
    for role in roles:
        models = by_server.setdefault(escape.escape(role.server), [])
        if (name := escape.escape(role.model)) not in models:
            models.append(name)
    return words.listed(
        words("models of server", models=words.listed(models), server=server) for server, models in by_server.items()
    )
