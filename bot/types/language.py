"""The languages that a setting offers by name; any other language is named by its code alone."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Language:
    """The names of one language."""

    english: str
    "for the model"
    native: str
    "for people"


LANGUAGES: Mapping[str, Language] = {
    "ar": Language("Arabic", "العربية"),
    "cs": Language("Czech", "Čeština"),
    "de": Language("German", "Deutsch"),
    "en": Language("English", "English"),
    "es": Language("Spanish", "Español"),
    "fr": Language("French", "Français"),
    "hi": Language("Hindi", "हिन्दी"),
    "id": Language("Indonesian", "Bahasa Indonesia"),
    "it": Language("Italian", "Italiano"),
    "ja": Language("Japanese", "日本語"),
    "ko": Language("Korean", "한국어"),
    "nl": Language("Dutch", "Nederlands"),
    "pl": Language("Polish", "Polski"),
    "pt": Language("Portuguese", "Português"),
    "ru": Language("Russian", "Русский"),
    "sv": Language("Swedish", "Svenska"),
    "th": Language("Thai", "ไทย"),
    "tr": Language("Turkish", "Türkçe"),
    "uk": Language("Ukrainian", "Українська"),
    "vi": Language("Vietnamese", "Tiếng Việt"),
    "zh": Language("Chinese", "中文"),
}
"""By the first part of their code (BCP 47)."""
