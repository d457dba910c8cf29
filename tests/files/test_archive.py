"""A zip of one track for each speaker: everyone is named as people wrote it, whatever packed it."""

import io
import zipfile
from pathlib import Path

import pytest

from bot.errors import BadAudio, LockedAudio
from bot.files.recordings.archive import speaker_names
from bot.files.recordings.facts import Limits
from bot.files.recordings.reader import Recording
from bot.files.zip_names import names_in
from bot.jobs.encoder import encode
from tests.files.sounds import RATE, made, tone


def packed(paths: list[str], encoding: str = "", data: bytes = b"x") -> bytes:
    """Return a zip file; with an `encoding` its names are in it, and no flag says so."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for number, path in enumerate(paths):
            file.writestr(f"{number:04}".ljust(len(path.encode(encoding)), "-") if encoding else path, data)
    content = out.getvalue()
    for number, path in enumerate(paths if encoding else ()):
        raw = path.encode(encoding)
        content = content.replace(f"{number:04}".ljust(len(raw), "-").encode(), raw)
    return content


@pytest.mark.parametrize(
    ("encoding", "paths"),
    [
        ("", ["1-田中.flac", "2-Zoë.flac"]),
        ("utf-8", ["1-田中.flac", "2-Zoë.flac"]),
        ("cp932", ["1-田中.flac", "2-鈴木.flac"]),
        ("cp932", ["ソ連/表.wav"]),
        ("gbk", ["录音/王芳.wav"]),
        ("cp949", ["김민수.wav", "이영희.wav"]),
        ("big5", ["陳怡君.wav", "林志明.wav"]),
        ("cp866", ["Иван.mp3", "Ольга.mp3"]),
        ("cp850", ["Jörg.wav", "François.wav"]),
    ],
)
def test_names_are_read_as_people_wrote_them(encoding: str, paths: list[str]) -> None:
    with zipfile.ZipFile(io.BytesIO(packed(paths, encoding))) as file:
        assert [name for _, name in names_in(file)] == paths


def test_folders_and_signs_of_other_systems_are_understood() -> None:
    """Some packers of Windows write its slashes; macOS takes letters and their accents apart."""
    with zipfile.ZipFile(io.BytesIO(packed(["talk\\Zoe\u0308.wav", "talk/empty/"]))) as file:
        assert [name for _, name in names_in(file)] == ["talk/Zoë.wav"]


@pytest.mark.parametrize(
    ("paths", "listed", "names"),
    [
        (["talk/1-ann_0.flac", "talk/2-ben.flac"], ["Ann A.", "Ben B."], ["Ann A.", "Ben B."]),
        (["1-ann.flac", "3-eve.flac"], ["Ann A."], ["Ann A.", "eve"]),
        (["talk/Ann/track.wav", "talk/Ben/track.wav"], [], ["Ann", "Ben"]),
        (["a/track.wav", "a/track.mp3"], [], ["track 1", "track 2"]),
        (["02 - Ben  Doe.m4a", "3.ogg"], [], ["Ben Doe", "3"]),
        (["1-ann_0.flac", "2-ben_0.flac"], [], ["ann", "ben"]),
        (["team-call_ann_raw-audio.wav", "team-call_ben_raw-audio.wav"], [], ["ann", "ben"]),
        (
            ["Audio Record/audioAnnDoe12345678901.m4a", "Audio Record/audioBenRoe22345678901.m4a"],
            [],
            ["AnnDoe", "BenRoe"],
        ),
        (["Anna - mic.wav", "Anna - cam.wav"], [], ["Anna 1", "Anna 2"]),
        (["recording - mic.wav", "recording - system.wav"], [], ["mic", "system"]),
        (["2026-12-01 - mic.wav", "2026-12-01 - desktop.wav"], [], ["mic", "desktop"]),
        (["Ann Smith.wav", "Ben Smith.wav"], [], ["Ann Smith", "Ben Smith"]),
        (["track 1.wav", "track 2.wav"], [], ["track 1", "track 2"]),
        (["call_ann.wav", "call_ann 2.wav", "call_ben.wav"], [], ["ann", "ann 2", "ben"]),
        (
            ["Anna Muster.wav", "Anna-Lena B.wav", "Anna Beispiel.wav"],
            [],
            ["Anna Muster", "Anna-Lena B", "Anna Beispiel"],
        ),
        (["ann.wav", "ann.wav"], [], ["ann 1", "ann 2"]),
    ],
)
def test_everyone_has_a_name_of_their_own(paths: list[str], listed: list[str], names: list[str]) -> None:
    assert speaker_names(paths, listed) == names


def test_tracks_of_any_kind_and_length_are_heard_together(tmp_path: Path) -> None:
    path = tmp_path / "tracks.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("会議 2/1-アリス.flac", made("flac", "flac", seconds=1))
        file.writestr("会議 2/2-bob.aac", made("adts", "aac", 44_100, seconds=4))
        file.writestr("会議 2/3-eve.m4a", made("ipod", "aac", seconds=2))
        file.writestr("会議 2/4-dan.opus", encode(bytes(96_000) + tone(3), RATE))
        file.writestr("会議 2/raw.dat", b"x" * 100)
        file.writestr("__MACOSX/会議 2/._1-アリス.flac", b"\0\5\x16\7\0\2\0\0Mac OS X        ")
        file.writestr("会議 2/._2-bob.aac", b"\0\5\x16\7\0\2\0\0Mac OS X        ")
        file.writestr(
            "会議 2/info.txt", "Recording x\r\n\r\nTracks:\r\n\tアリス (111)\r\n\tBob B.#0 (222)\r\n\teve (3)\r\n"
        )
    recording = Recording.open(path, Limits())
    assert recording.facts.speakers == ["アリス", "Bob B.", "eve", "dan"]
    assert recording.facts.seconds == pytest.approx(5, abs=0.1)
    ((head, part),) = recording.parts(300)
    assert len(b"".join(part.sound())) / 32_000 == pytest.approx(5, abs=0.1)
    assert [(turn.name, turn.start, turn.end) for turn in head.turns] == [
        ("アリス", 0.0, pytest.approx(1, abs=0.2)),
        ("eve", 0.0, pytest.approx(2, abs=0.2)),
        ("Bob B.", 0.0, pytest.approx(4, abs=0.2)),
        ("dan", pytest.approx(2, abs=0.2), pytest.approx(5, abs=0.2)),
    ]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_of_a_zip_that_breaks_off_its_tracks_are_heard_as_far_as_they_go(method: int) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        file.writestr("info.txt", "Recording x\r\n\r\nTracks:\r\n\tアリス (111)\r\n\tBob B.#0 (222)\r\n\teve (3)\r\n")
        file.writestr("1-a.flac", made("flac", "flac", seconds=2))
        file.writestr("2-b.flac", made("flac", "flac", seconds=8))
        file.writestr("3-eve.m4a", made("ipod", "aac", seconds=2))
    data = out.getvalue()
    second, third = data.index(b"2-b.flac"), data.index(b"3-eve.m4a")
    for end, speakers, seconds in (
        (second - 9, ["アリス"], 2),
        (second + 60, ["アリス"], 2),
        ((second + third) // 2, ["アリス", "Bob B."], 4),
        (third + 900, ["アリス", "Bob B."], 8),
        (len(data) - 20, ["アリス", "Bob B.", "eve"], 8),
    ):
        facts = Recording.open(data[:end], Limits()).facts
        assert (facts.cut, facts.speakers) == (True, speakers), end
        assert facts.seconds == pytest.approx(seconds, abs=1), end


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_track_that_is_damaged_is_called_that_however_it_is_packed(method: int) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        file.writestr("ann.wav", bytes(range(256)) * 40)
    data = bytearray(out.getvalue())
    data[60:200] = bytes(140)
    with pytest.raises(BadAudio):
        Recording.open(bytes(data), Limits())


def test_a_file_without_a_name_is_none() -> None:
    with zipfile.ZipFile(io.BytesIO(packed(["a.wav"]).replace(b"a.wav", b"\0.wav"))) as file:
        assert names_in(file) == []


def test_a_password_is_named_as_the_cause() -> None:
    data = bytearray(packed(["ann.wav"], data=b"RIFF"))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + place] |= 1
    with pytest.raises(LockedAudio):
        Recording.open(bytes(data), Limits())
