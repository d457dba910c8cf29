"""The catalogues: every sentence people read, by code and language.

The source is locales/kikite.pot: `msgctxt` is the code, `msgid` the English sentence with {values}. A translation is
locales/<language>.po; a new file there is a new language. The code of a command's text is its name and that of the
option: "/join", "/join channel"; its English stands in bot/chat/commands/. The English of "error <code>" is the hint of
that error in bot/errors.py. `python -m tests.generated` writes both into the catalogues.
"""

import hashlib
from collections.abc import Iterable, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Self

import discord
import polib
import structlog
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Where

log = structlog.get_logger(__name__)

SOURCE_LANGUAGE = "en"
TEMPLATE_FILE = "kikite.pot"
LOCALES_FOLDER = "bot/chat/locales"
POLICY_CODES = ("privacy about",)
"""The sentences that people agree to."""


class Words:
    """The sentences of one language. Call it with a code to get the sentence."""

    def __init__(self, language: str, sentences: Mapping[str, str], source: Mapping[str, str]) -> None:
        self.language = language
        "BCP 47, without a region"
        self._sentences = sentences
        self._source = source

    def source(self, code: str) -> str:
        """Return the English sentence of a code, with its placeholders."""
        return self._source[code]

    def __contains__(self, code: str) -> bool:
        return code in self._sentences or code in self._source

    def listed(self, items: Iterable[str]) -> str:
        """Return the items in a row, with the comma of this language between them."""
        return self("comma").join(items)

    def __call__(self, code: str, **values: object) -> str:
        """Return the sentence of `code` with `values` filled in; in English where there is no translation.

        An unknown code returns the code itself and is logged.
        """
        sentence = self._sentences.get(code) or self._source.get(code)
        if sentence is None:
            log.error("sentence_missing", code=code)
            return code
        try:
            return sentence.format_map(values)
        except KeyError as missing:
            log.error("value_missing", code=code, value=str(missing))
            return sentence


class Catalogues:
    """The sentences of all languages."""

    def __init__(self, languages: Mapping[str, Mapping[str, str]]) -> None:
        source = languages[SOURCE_LANGUAGE]
        self._words = {language: Words(language, sentences, source) for language, sentences in languages.items()}

    @classmethod
    def load(cls, folder: Traversable | None = None) -> Self:
        """Read every catalogue in `folder`; without one, those that come with the package."""
        folder = folder or resources.files("bot.chat") / "locales"
        texts = {SOURCE_LANGUAGE: (folder / TEMPLATE_FILE).read_text(encoding="utf-8")}
        for file in folder.iterdir():
            if file.name.endswith(".po"):
                texts[file.name.removesuffix(".po")] = file.read_text(encoding="utf-8")
        return cls.parse(texts)

    @classmethod
    def parse(cls, texts: Mapping[str, str]) -> Self:
        """Take catalogues in gettext's format, by language; that of the source language is the template."""
        languages: dict[str, dict[str, str]] = {}
        for language, text in texts.items():
            entries = polib.pofile(text)
            languages[language] = {
                entry.msgctxt: entry.msgid if language == SOURCE_LANGUAGE else entry.msgstr for entry in entries
            }
        return cls(languages)

    @property
    def policy(self) -> str:
        """The version of what people agree to: it changes with the English wording."""
        text = "\n".join(self._words[SOURCE_LANGUAGE].source(code) for code in POLICY_CODES)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def of(self, locale: discord.Locale | str | None) -> Words:
        """Return the sentences of a locale such as `ja`, `en-GB` or `ja_JP`; English if there are none."""
        language = str(locale or SOURCE_LANGUAGE).replace("_", "-").split("-")[0].lower()
        return self._words.get(language, self._words[SOURCE_LANGUAGE])


class Translator(app_commands.Translator):
    """Gives Discord the descriptions of commands in each language; command names stay English, as documented."""

    def __init__(self, catalogues: Catalogues) -> None:
        # discord.py asks for every text in each of Discord's 32 languages, at every start.
        spoken = ((locale, catalogues.of(locale)) for locale in discord.Locale)
        self._words = {locale: words for locale, words in spoken if locale.value.startswith(words.language)}

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        words = self._words.get(locale)
        if words is None:
            return None
        code = command_code(string, context)
        return words(code) if code and code in words else None


def command_code(string: app_commands.locale_str, context: app_commands.TranslationContextTypes) -> str | None:
    """Return the catalogue's code of a command's text; None for what is not translated."""
    data = context.data
    match context.location:
        case Where.command_description | Where.group_description:
            return f"/{data.qualified_name}"  # pyright: ignore[reportAttributeAccessIssue]
        case Where.command_name if isinstance(data, app_commands.ContextMenu):
            return f"menu {string.message}"
        case Where.parameter_description:
            return f"/{data.command.qualified_name} {data.name}"  # pyright: ignore[reportAttributeAccessIssue]
        case Where.choice_name:
            return f"choice {string.message}"
        case _:
            return None
