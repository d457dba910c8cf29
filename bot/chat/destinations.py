"""Where sound and words go: which models, on which servers."""

from collections.abc import Iterable

from bot.addresses import is_private
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


def transcriber(settings: Settings) -> str:
    """Return the name of the model that writes down what people say."""
    return roles_of(settings)[RoleName.TRANSCRIBE].model


def servers(settings: Settings, words: Words) -> str:
    """Return the names of all servers that get anything."""
    roles = roles_of(settings).values()
    return words.listed(dict.fromkeys(escape.escape(role.server) for role in roles if not role.local))


def sent(settings: Settings, words: Words) -> str:
    """Return, in a sentence or two without names, where that goes what the bot hears."""
    roles = roles_of(settings)
    ear, mind = (
        _furthest([roles[name] for name in names if name in roles], words) for names in (_GET_SOUND, _GET_WORDS)
    )
    if ear is None:
        return words("heard here", mind=mind)
    return words("heard sent", ear=ear) if ear == mind else words("heard between", ear=ear, mind=mind)


def told(code: str, settings: Settings, words: Words, **values: object) -> str:
    """Return a sentence of the catalogue that says where that goes what the bot hears."""
    return words(code, sent=sent(settings, words), **values)


def kept_elsewhere(settings: Settings, words: Words) -> str:
    """Return what is kept where the bot deletes nothing."""
    hears = RoleName.CHAT in roles_of(settings)
    return words("privacy answers" if hears else "privacy elsewhere", server=servers(settings, words))


def _furthest(roles: Iterable[ModelRole], words: Words) -> str | None:
    """Return whose servers get something at the most; None: it stays on this machine."""
    away = [role for role in roles if not role.local]
    if not away:
        return None
    return words("service of operator" if all(is_private(role.base_url) for role in away) else "service")


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
        server = words("this machine") if role.local else escape.escape(role.server)
        models = by_server.setdefault(server, [])
        if (name := escape.escape(role.model)) not in models:
            models.append(name)
    return words.listed(
        words("models of server", models=words.listed(models), server=server) for server, models in by_server.items()
    )
