"""What one graph reads is what packets read one by one give, and where it stops they go on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bot.audio import HEAR_RATE
from bot.files.recordings import straight as reading
from bot.files.recordings import survey as surveying
from bot.files.recordings.container import Source, opened
from bot.files.recordings.mix import Weights
from bot.files.recordings.samples import Samples
from bot.files.recordings.straight import Straight
from bot.files.recordings.survey import survey
from bot.files.recordings.track import beginning, read_track
from bot.jobs.encoder import encode
from tests.files.sounds import RATE, at_path, corrupted, film, gapped, made, plain_wav, tone
from tests.jobs.conftest import speech

SOUND = speech(9)
STRAIGHT: dict[str, tuple[Callable[[], bytes], Weights]] = {
    "opus": (lambda: encode(SOUND, RATE), ()),
    "mp3": (lambda: encode(SOUND, RATE, "mp3"), ()),
    "m4a": (lambda: encode(SOUND, RATE, "ipod", "aac"), ()),
    "webm": (lambda: encode(SOUND, RATE, "webm", "libopus"), ()),
    "aac in matroska, in milliseconds": (lambda: made("matroska", "aac", 44_100, 2, 30.0), ()),
    "wav": (lambda: plain_wav(44_100, width=3, channels=2), ()),
    "flac, its second channel": (lambda: made("flac", "flac", 48_000, 2, 7.0), (0.0, 1.0)),
    "opus, one channel against the other": (lambda: made("ogg", "libopus", 48_000, 2, 7.0), (0.75, -0.25)),
    "surround, the centre": (lambda: made("mp4", "aac", 48_000, 6, 3.0), (0.0, 0.0, 1.0, 0.0, 0.0, 0.0)),
    "film": (film, ()),
}
INDEXED: dict[str, tuple[Callable[[], bytes], bool]] = {
    "m4a": (lambda: encode(SOUND, RATE, "ipod", "aac"), True),
    "opus": (lambda: made("mp4", "libopus", 48_000), True),
    "stereo, of which packets are heard": (lambda: made("mp4", "aac", 48_000, 2), False),
    "pieces": (lambda: made("mp4", "aac", options={"movflags": "empty_moov+frag_every_frame"}), False),
}


def read(path: Path, mix: Weights, *, even: bool) -> tuple[int, Samples]:
    """Return where a track begins and its sound, with silence in its gaps."""
    pieces = [(piece.at, piece.samples.copy()) for piece in read_track(path, 0, mix, HEAR_RATE, 600.0, even=even)]
    sound = np.zeros(pieces[-1][0] + len(pieces[-1][1]), np.float32)
    for at, samples in pieces:
        sound[at : at + len(samples)] += samples
    return pieces[0][0], sound


def straight(source: Source, mix: Weights = ()) -> tuple[Samples, bool]:
    with opened(source) as container:
        graph = Straight(source, 0, mix, HEAR_RATE, beginning(container))
    sound = [samples.copy() for samples in graph.samples()]
    return np.concatenate(sound) if sound else np.zeros(0, np.float32), graph.whole


@pytest.mark.parametrize("name", STRAIGHT)
def test_the_same_samples(name: str) -> None:
    make, mix = STRAIGHT[name]
    with at_path(make()) as path:
        assert survey(path, 600.0).tracks[0].even
        _, whole = straight(path, mix)
        slow, quick = read(path, mix, even=False), read(path, mix, even=True)
    assert whole
    assert slow[0] == quick[0]
    assert len(slow[1]) == len(quick[1])
    assert np.abs(slow[1] - quick[1]).max() < 1e-5
    assert np.abs(slow[1]).max() > 0.01


@pytest.mark.parametrize("kind", INDEXED)
def test_an_index_tells_what_the_packets_tell(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, told = INDEXED[kind]
    found: list[bool] = []
    look_up = surveying.look_up
    monkeypatch.setattr(surveying, "look_up", lambda *given: found.append(look_up(*given)) or found[-1])
    with at_path(make()) as path:
        quick = survey(path, 600.0)
        monkeypatch.setattr(surveying, "look_up", lambda *_: False)
        assert survey(path, 600.0) == quick
    assert found == [told]


def test_what_stands_in_memory_goes_the_same_way() -> None:
    """As the tracks of a zip do, and the links of a chained Ogg."""
    data = encode(SOUND, RATE)
    with at_path(data) as path:
        from_file, _ = straight(path)
    from_memory, whole = straight(data)
    assert whole
    assert np.array_equal(from_memory, from_file)


@pytest.mark.parametrize("kept", [None, b"", b"no sound"], ids=["gone", "empty", "something else"])
def test_packets_are_read_where_the_memory_is_not_to_be_had(
    kept: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where /proc is hidden from the process."""
    data = encode(SOUND, RATE)
    whole = [piece.samples.copy() for piece in read_track(data, 0, (), HEAR_RATE, 600.0, even=False)]
    monkeypatch.setattr(reading, "OWN_MEMORY", str(tmp_path / "mem"))
    if kept is not None:
        (tmp_path / "mem").write_bytes(kept)
    _, straightly = straight(data)
    assert not straightly
    found = [piece.samples.copy() for piece in read_track(data, 0, (), HEAR_RATE, 600.0, even=True)]
    assert np.array_equal(np.concatenate(found), np.concatenate(whole))


@pytest.mark.parametrize("container", ["mp3", "adts"])
def test_it_goes_on_behind_what_cannot_be_read(container: str) -> None:
    sound = encode(SOUND, RATE, container, "aac" if container == "adts" else None)
    data = sound[: len(sound) // 2] + corrupted(sound[len(sound) // 2 :], 0.1)
    with at_path(data) as path:
        begun, whole = straight(path)
        slow, quick = read(path, (), even=False), read(path, (), even=True)
    assert not whole
    assert 0 < len(begun) < len(slow[1])
    assert np.array_equal(slow[1], quick[1])


@pytest.mark.parametrize("stretches", [[(0.0, 5.0), (8.0, 4.0)], [(1.0, 5.0)], [(0.0, 4.0), (4.5, 0.5)]])
def test_a_gap_stays_where_it_is(stretches: list[tuple[float, float]]) -> None:
    """In the middle, before the sound, and in the last piece, whose gap only the survey sees."""
    with at_path(gapped(stretches)) as path:
        even = survey(path, 600.0).tracks[0].even
        slow, quick = read(path, (), even=False), read(path, (), even=even)
    assert even == (len(stretches) == 1)
    assert slow[0] == quick[0]
    assert np.array_equal(slow[1], quick[1])


def test_a_gap_that_nobody_told_of_ends_it() -> None:
    with at_path(gapped([(0.0, 5.0), (8.0, 4.0)])) as path:
        sound, whole = straight(path)
        slow, quick = read(path, (), even=False), read(path, (), even=True)
    assert not whole
    assert len(sound) / HEAR_RATE == 4.0
    assert np.array_equal(slow[1], quick[1])


def test_another_rate_in_the_middle() -> None:
    """Two mp3 files one behind the other, as people join them."""
    parts = [encode(tone(5.0, 440.0), RATE, "mp3"), made("mp3", "libmp3lame", 44_100, 2, 3.0)]
    with at_path(b"".join(parts)) as path:
        _, whole = straight(path)
        slow, quick = read(path, (), even=False), read(path, (), even=True)
    assert not whole
    assert len(quick[1]) / HEAR_RATE == pytest.approx(8.0, abs=0.3)
    assert np.array_equal(slow[1], quick[1])
