"""What `POST /audio/transcriptions` accepts, and how it answers."""

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from bot.audio import HEAR_RATE, seconds
from bot.errors import BadAudio
from sandbox.model.checks import decoded
from sandbox.model.recognition import recognise
from sandbox.model.schema import ApiError, invalid_value, missing, refuse

FILE_SUFFIXES = ("flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm")
MAX_FILE_BYTES = 25 * 1024 * 1024
MIN_AUDIO_SECONDS = 0.1
FORM_FIELDS = {"model", "language", "prompt", "response_format", "temperature", "languages[]", "keywords[]"}
GPT_TRANSCRIBE_FIELDS = {"languages[]", "keywords[]"}
"""Fields that only gpt-transcribe knows."""
LANGUAGE_PATTERN = re.compile(r"[a-z]{2,3}")


def check_transcription(fields: Mapping[str, Any], name: str | None, file: bytes) -> bytes:
    """Check a form whose model is known, and return its audio as s16le mono 16 kHz. Raises ApiError."""
    for field in fields:
        if field not in FORM_FIELDS or (field in GPT_TRANSCRIBE_FIELDS and fields["model"] != "gpt-transcribe"):
            raise refuse(f"Unknown parameter: '{field}'.", field, "unknown_parameter")
    for code in (fields.get("language"), *fields.get("languages[]", ())):
        if code is not None and not LANGUAGE_PATTERN.fullmatch(code):
            raise refuse(f"Invalid language '{code}'. Language parameter must be specified in ISO-639-1 format.",
                         "language", "invalid_language_format")  # fmt: skip
    if fields.get("response_format", "json") != "json":
        raise invalid_value(fields["response_format"], "response_format", ("json",))
    _check_temperature(fields.get("temperature"))
    if name is None:
        raise missing("file")
    if PurePath(name).suffix.lstrip(".").lower() not in FILE_SUFFIXES:
        raise ApiError(400, f"Invalid file format. Supported formats: {list(FILE_SUFFIXES)}")
    if len(file) > MAX_FILE_BYTES:
        raise ApiError(413, f"Maximum content size limit ({MAX_FILE_BYTES}) exceeded ({len(file)} bytes read)")
    try:
        pcm = decoded(file)
    except BadAudio:
        raise refuse("Audio file might be corrupted or unsupported", "file", "invalid_value") from None
    if seconds(pcm, HEAR_RATE) < MIN_AUDIO_SECONDS:
        raise refuse("Audio file is too short. Minimum audio length is 0.1 seconds.", "file", "audio_too_short")
    return pcm


def _check_temperature(value: str | None) -> None:
    try:
        fits = value is None or 0 <= float(value) <= 1
    except ValueError:
        fits = False
    if not fits:
        raise refuse("Invalid 'temperature': expected a decimal from 0 to 1.", "temperature", "invalid_value")


def words_of(pcm: bytes) -> tuple[str, list[str]]:
    """Return the sentences of the shipped clips found in s16le mono 16 kHz, and their languages."""
    found = recognise(pcm)
    japanese = bool(found) and all(item.clip.language == "ja" for item in found)
    text = ("" if japanese else " ").join(item.text for item in found)
    return text, sorted({item.clip.language for item in found})


def transcription(text: str, languages: list[str], pcm: bytes) -> dict[str, Any]:
    """Return the JSON answer."""
    return {
        "text": text,
        "languages": [{"code": code} for code in languages],
        "usage": {"type": "duration", "seconds": round(seconds(pcm, HEAR_RATE), 2)},
    }
