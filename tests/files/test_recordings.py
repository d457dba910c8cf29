"""Untrusted files become PCM, or an error that says what is wrong with them."""

import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest

from bot.errors import (
    AbsurdAudio,
    AudioTooLarge,
    AudioTooLong,
    BadAudio,
    EmptyAudio,
    NotAudio,
    TruncatedAudio,
)
from bot.files.recordings import reader
from bot.files.recordings.facts import Limits
from bot.jobs.encoder import encode
from tests.files.sounds import RATE, TONE, corrupted, film, header, made, pitch, plain_wav, tagged_mp3, to_pcm, tone


def zipped() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("voice.ogg", encode(TONE, RATE))
    return out.getvalue()


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


READABLE: dict[str, Callable[[], bytes]] = {
    "voice message": lambda: encode(TONE, RATE),
    "opus 48k stereo": lambda: made("ogg", "libopus", 48_000, 2),
    "browser webm": lambda: made("webm", "libopus", 48_000),
    "live webm": lambda: made("webm", "libopus", 48_000).replace(b"\x44\x89\x88", b"\xec\x89\x88"),
    "phone m4a": lambda: made("ipod", "aac", 44_100, 2),
    "mp4": lambda: made("mp4", "aac"),
    "mov alac": lambda: made("mov", "alac", 44_100),
    "3gp amr": lambda: made("amr", "libopencore_amrnb", 8_000),
    "adts": lambda: made("adts", "aac", 44_100),
    "mp3": lambda: encode(TONE, RATE, "mp3"),
    "mp3 with a picture": tagged_mp3,
    "mp2": lambda: made("mp2", "mp2", 44_100, 2),
    "flac": lambda: made("flac", "flac", 96_000, 2),
    "surround": lambda: made("flac", "flac", 48_000, 6),
    "wav 8 bit": lambda: plain_wav(width=1),
    "wav 24 bit": lambda: plain_wav(width=3),
    "wav 32 bit": lambda: plain_wav(width=4),
    "wav float": lambda: made("wav", "pcm_f32le"),
    "wav 8 kHz": lambda: plain_wav(8_000),
    "wav 11025 Hz": lambda: plain_wav(11_025),
    "wav 192 kHz": lambda: plain_wav(192_000),
    "wav stereo": lambda: plain_wav(channels=2),
    "wav a-law": lambda: made("wav", "pcm_alaw", 8_000),
    "wav adpcm": lambda: made("wav", "adpcm_ima_wav"),
    "wav from a pipe": lambda: header(claimed=0xFFFF_FFFF),
    "wav with junk behind": lambda: plain_wav() + b"junk" * 100,
    "aiff": lambda: made("aiff", "pcm_s16be", 44_100),
    "au": lambda: made("au", "pcm_s16be"),
    "caf": lambda: made("caf", "pcm_s16le"),
    "w64": lambda: made("w64", "pcm_s16le"),
    "wavpack": lambda: made("wv", "wavpack"),
    "ac3": lambda: made("ac3", "ac3", 48_000, 2),
    "avi": lambda: made("avi", "mp2", 44_100),
    "transport stream": lambda: made("mpegts", "mp2", 44_100),
    "film": film,
    "mp3, a few bytes lost": lambda: corrupted(encode(TONE, RATE, "mp3"), 0.03),
}
BROKEN: dict[str, tuple[Callable[[], bytes], type[BadAudio]]] = {
    "nothing": (lambda: b"", EmptyAudio),
    "one byte": (lambda: b"\0", NotAudio),
    "words": (lambda: b"plain words, many of them. " * 50, NotAudio),
    "zeros": (lambda: bytes(5_000), NotAudio),
    "html": (lambda: b"<!doctype html><html><body>Not found</body></html>" * 20, NotAudio),
    "png": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(200), NotAudio),
    "pdf": (lambda: b"%PDF-1.7\n" + bytes(500), NotAudio),
    "zip": (zipped, NotAudio),
    "film without sound": (lambda: film(with_sound=False), NotAudio),
    "ogg's first letters": (lambda: b"OggS" + bytes(100), BadAudio),
    "ogg's header alone": (lambda: encode(TONE, RATE)[:60], BadAudio),
    "webm's first letters": (lambda: b"\x1aE\xdf\xa3" + bytes(200), BadAudio),
    "wav's header alone": (lambda: header(data=b""), EmptyAudio),
    "wav, half of it": (lambda: half(plain_wav()), TruncatedAudio),
    "wav, cut in its header": (lambda: plain_wav()[:30], BadAudio),
    "m4a, half of it": (lambda: half(made("ipod", "aac")), TruncatedAudio),
    "flac, half of it": (lambda: half(made("flac", "flac", seconds=6)), TruncatedAudio),
    "wav of 1 Hz": (lambda: header(rate=1), AbsurdAudio),
    "wav of 4 GHz": (lambda: header(rate=0xFFFF_FFF0), AbsurdAudio),
    "wav of 60,000 channels": (lambda: header(channels=60_000, data=TONE * 3), AbsurdAudio),
    "wav of no channel": (lambda: header(channels=0), AbsurdAudio),
    "wav of 77 bits": (lambda: header(bits=77), BadAudio),
    "wav of an unknown codec": (lambda: header(form=0x7A7A), BadAudio),
    "mp3 that is noise": (lambda: b"\xff\xfb\x90\x00" + corrupted(bytes(9_000), 30), BadAudio),
    "26 MB": (lambda: bytes(26_000_000), AudioTooLarge),
}


def test_the_corpus_has_forty_kinds() -> None:
    assert len(READABLE) + len(BROKEN) >= 40


@pytest.mark.parametrize("kind", READABLE)
def test_what_people_record_is_heard(kind: str) -> None:
    data = READABLE[kind]()
    pcm = to_pcm(data)
    assert abs(reader.length(data) - len(pcm) / 32_000) < 0.12
    assert 1.9 < len(pcm) / 32_000 < 2.2
    assert abs(pitch(pcm, 16_000) - 440) < 4


@pytest.mark.parametrize("kind", BROKEN)
def test_what_cannot_be_heard_says_why(kind: str) -> None:
    make, error = BROKEN[kind]
    with pytest.raises(error) as raised:
        to_pcm(make())
    assert error is BadAudio or type(raised.value) is error


def test_a_playlist_opens_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(plain_wav())
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{secret}\n#EXT-X-ENDLIST\n"
    for text in (playlist, f"ffconcat version 1.0\nfile {secret}\n"):
        with pytest.raises(NotAudio):
            to_pcm(text.encode())


def test_a_question_takes_the_beginning_of_a_long_recording() -> None:
    assert len(to_pcm(encode(TONE, RATE), longest=0.5)) == 16_000


def before_too_long(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the pieces before AudioTooLong; fail when it is not raised."""
    try:
        yield from pieces
    except AudioTooLong:
        return
    pytest.fail("it was not found too long")


def test_longer_than_allowed_is_said_and_not_decoded_to_the_end() -> None:
    pieces = reader.read(encode(tone(30), RATE), limits=Limits(seconds=10))
    assert sum(len(piece) for piece in before_too_long(pieces)) <= 10.6 * 32_000


def test_a_file_on_disk_is_read_like_one_in_memory(tmp_path: Path) -> None:
    file = tmp_path / "a.ogg"
    file.write_bytes(encode(TONE, RATE))
    assert to_pcm(file) == to_pcm(file.read_bytes())


@pytest.mark.parametrize("kind", ["nothing", "html", "m4a, half of it", "flac, half of it", "wav, half of it", "26 MB"])
def test_what_is_wrong_with_a_recording_is_known_before_it_is_decoded(kind: str) -> None:
    make, error = BROKEN[kind]
    with pytest.raises(error):
        reader.length(make())
    with pytest.raises(AudioTooLong):
        reader.length(encode(tone(12), RATE), Limits(seconds=10))


def test_parts_overlap_and_lose_nothing() -> None:
    whole = to_pcm(plain_wav(16_000, seconds=10))
    found = [(part.start, bytes(part.pcm), part.last) for part in reader.parts(plain_wav(16_000, seconds=10), 4, 1)]
    assert [(start, last) for start, _, last in found] == [(0, False), (3, False), (6, True)]
    for start, pcm, _ in found:
        at = int(start * 32_000)
        assert whole[at : at + len(pcm)] == pcm
    assert found[-1][0] + len(found[-1][1]) / 32_000 == 10
