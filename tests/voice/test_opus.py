import itertools
import random
from pathlib import Path

import numpy as np
import pytest

from bot.audio import HEAR_BYTES, SPEAK_BYTES, SPEAK_RATE
from bot.errors import OpusMissing
from bot.voice import opus
from bot.voice.opus import OPUS_SILENCE, OpusDecoder, OpusEncoder, OpusError
from tests.voice.fake_room import library

MS_20 = 20


def tone(frames: int, hertz: float = 440.0) -> list[bytes]:
    t = np.arange(frames * SPEAK_BYTES // 2) / SPEAK_RATE
    pcm = (8000 * np.sin(2 * np.pi * hertz * t)).astype("<i2").tobytes()
    return [pcm[at : at + SPEAK_BYTES] for at in range(0, len(pcm), SPEAK_BYTES)]


def samples(pcm: bytes) -> np.ndarray:
    return np.frombuffer(pcm, dtype="<i2").astype(float)


def joined(first: bytes, *packets: bytes) -> bytes:
    """Return one packet of several frames (RFC 6716 section 3.2.5, code 3, variable rate)."""
    bodies = [first[1:], *(packet[1:] for packet in packets)]
    out = bytes([first[0] | 3, 0x80 | len(bodies)])
    for body in bodies[:-1]:
        assert len(body) < 252
        out += bytes([len(body)])
    return out + b"".join(bodies)


def test_the_bundled_library_comes_first():
    assert library().source == "bundled"
    assert library().version
    assert Path(library().path).is_file()


def test_the_setting_is_obeyed(tmp_path: Path):
    named = tmp_path / "libopus.so"
    named.symlink_to(library().path)
    assert opus.load(named).source == "setting"


@pytest.mark.parametrize("content", [None, b"", b"\x7fELF"])
def test_a_setting_that_is_no_libopus_is_an_error_with_a_hint(tmp_path: Path, content: bytes | None):
    path = tmp_path / "nothing.so"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(OpusMissing, match="OPUS_LIBRARY"):
        opus.load(path)


@pytest.mark.parametrize(
    ("present", "source"),
    [(("bundled", "system", "PyAV"), "bundled"), (("system", "PyAV"), "system"), (("PyAV",), "PyAV")],
)
def test_the_next_place_serves_where_one_has_none(
    monkeypatch: pytest.MonkeyPatch, present: tuple[str, ...], source: str
):
    path = library().path
    monkeypatch.setattr(
        opus, "_candidates", lambda: iter([("bundled", "/nowhere/libopus.so")] * 1 + [(p, path) for p in present])
    )
    assert opus.load().source == source


def test_no_library_at_all_is_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(opus, "_candidates", lambda: iter(()))
    with pytest.raises(OpusMissing):
        opus.load()


def test_speaking_at_24_khz_is_heard_at_16_khz():
    encoder, decoder = OpusEncoder(library()), OpusDecoder(library())
    heard = [decoder.decode(encoder.encode(frame)) for frame in tone(50)]
    assert {len(frame) for frame in heard} == {HEAR_BYTES}
    spectrum = np.abs(np.fft.rfft(samples(b"".join(heard[5:]))))
    peak = np.fft.rfftfreq(45 * HEAR_BYTES // 2, 1 / 16_000)[np.argmax(spectrum)]
    assert peak == pytest.approx(440, abs=3)


def test_the_wave_survives():
    encoder, decoder = OpusEncoder(library()), OpusDecoder(library(), SPEAK_RATE)
    frames = tone(50, 300)
    sent = samples(b"".join(frames))
    heard = samples(b"".join(decoder.decode(encoder.encode(frame)) for frame in frames))
    delay = 156  # what the codec looks ahead: 6.5 ms
    assert np.corrcoef(sent[2000:-delay], heard[2000 + delay :])[0, 1] > 0.95


@pytest.mark.parametrize("frames", [1, 2, 3, 6])
def test_packets_of_any_length_come_out_whole(frames: int):
    encoder, decoder = OpusEncoder(library()), OpusDecoder(library())
    packets = [encoder.encode(frame) for frame in tone(frames)]
    packet = joined(*packets)
    assert decoder.samples(packet) == frames * 320
    assert len(decoder.decode(packet)) == frames * HEAR_BYTES
    assert len(decoder.decode_fec(packet)) == frames * HEAR_BYTES


def test_silence_is_silent_and_one_frame():
    assert OpusDecoder(library()).decode(OPUS_SILENCE) == bytes(HEAR_BYTES)


def test_redundancy_beats_guessing():
    encoder, frames = OpusEncoder(library(), loss=25), []
    rng = random.Random(2)
    for hertz in rng.choices([200, 330, 470, 610], k=40):
        frames += tone(3, hertz)
    packets = [encoder.encode(frame) for frame in frames]

    def error(fill: str) -> float:
        whole, holed = OpusDecoder(library()), OpusDecoder(library())
        total = 0.0
        for at, (packet, following) in enumerate(itertools.pairwise(packets)):
            truth = samples(whole.decode(packet))
            if at % 10 == 3:
                made_up = holed.decode_fec(following) if fill == "fec" else holed.conceal()
                total += float(np.sum((truth - samples(made_up)) ** 2))
            else:
                holed.decode(packet)
        return total

    assert error("fec") < 0.5 * error("plc")


def test_concealment_is_one_frame():
    assert len(OpusDecoder(library()).conceal()) == HEAR_BYTES


@pytest.mark.parametrize("packet", [b"", b"\xff" * 7, b"\x03", bytes(opus.MAX_PACKET_BYTES + 1)])
def test_what_is_not_opus_is_an_error_of_its_own(packet: bytes):
    decoder = OpusDecoder(library())
    with pytest.raises(OpusError):
        decoder.decode(packet)
    with pytest.raises(OpusError):
        decoder.decode_fec(packet)


def test_a_frame_of_another_length_is_a_bug():
    with pytest.raises(ValueError, match="959"):
        OpusEncoder(library()).encode(bytes(959))
