"""Untrusted files become PCM, or an error that says what is wrong with them."""

import struct
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest

from bot.audio import dbfs
from bot.errors import (
    AbsurdAudio,
    AudioTooLarge,
    AudioTooLong,
    BadAudio,
    EmptyAudio,
    NotAudio,
    SilentAudio,
    TruncatedAudio,
)
from bot.files.recordings.facts import Limits
from bot.files.recordings.reader import Recording
from bot.jobs.encoder import encode
from sandbox import clips
from tests.files.sounds import (
    RATE,
    TONE,
    corrupted,
    dsd,
    extensible,
    fill,
    film,
    gapped,
    header,
    id3_tagged,
    made,
    piped,
    pitch,
    plain_wav,
    preskipped,
    sounding,
    streamed_asf,
    tagged_mp3,
    to_pcm,
    tone,
    with_cluster_index,
)


def zipped(name: str = "voice.ogg", sound: bytes = TONE) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr(name, encode(sound, RATE))
    return out.getvalue()


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def silences() -> bytes:
    """Return what a phone writes: in pauses frames that only describe the noise (RFC 4867 section 3.3)."""
    out, rate = BytesIO(), 8_000
    noise = (np.random.default_rng(1).standard_normal(rate // 2 * 3) * 3).astype("<i2")
    sound = np.concatenate([noise, np.frombuffer(tone(2.0, rate=rate), "<i2"), noise])
    with av.open(out, mode="w", format="amr") as file:
        stream = file.add_stream("libopencore_amrnb", rate=rate, layout="mono", options={"dtx": "1"})
        frame = av.AudioFrame.from_ndarray(sound[None], format="s16", layout="mono")
        frame.sample_rate = rate
        file.mux([*stream.encode(frame), *stream.encode(None)])
    return out.getvalue()


def unpadded() -> bytes:
    """Return a WAV with a chunk of odd size that its writer did not pad."""
    chunk = b"LIST" + struct.pack("<I", 13) + b"INFOISFT" + struct.pack("<I", 1) + b"x"
    data = header()
    return data[:36] + chunk + data[36:]


def few_packs() -> bytes:
    """Return a program stream of which one pack takes 700 kB, most of them padding (ISO 13818-1 section 2.5.3)."""
    padding = b"\0\0\1\xbe" + struct.pack(">H", 65_000) + b"\xff" * 65_000
    return made("vob", "mp2", 44_100) + padding * 10 + b"\0\0\1\xb9"


READABLE: dict[str, Callable[[], bytes]] = {
    "voice message": lambda: encode(TONE, RATE),
    "opus 48k stereo": lambda: made("ogg", "libopus", 48_000, 2),
    "browser webm": lambda: made("webm", "libopus", 48_000),
    "live webm": lambda: made("webm", "libopus", 48_000).replace(b"\x44\x89\x88", b"\xec\x89\x88"),
    "phone m4a": lambda: made("ipod", "aac", 44_100, 2),
    "mp4": lambda: made("mp4", "aac"),
    "mov alac": lambda: made("mov", "alac", 44_100),
    "3gp amr": lambda: made("amr", "libopencore_amrnb", 8_000),
    "latm": lambda: made("latm", "aac", 44_100),
    "ircam": lambda: made("ircam", "pcm_s16le"),
    "adts": lambda: made("adts", "aac", 44_100),
    "mp3": lambda: encode(TONE, RATE, "mp3"),
    "mp3 with a picture": tagged_mp3,
    "wavpack with a tag of mp3": lambda: id3_tagged(made("wv", "wavpack")),
    "m4a with two tags of mp3": lambda: id3_tagged(id3_tagged(made("ipod", "aac", 44_100))),
    "mp2": lambda: made("mp2", "mp2", 44_100, 2),
    "flac": lambda: made("flac", "flac", 96_000, 2),
    "surround": lambda: made("flac", "flac", 48_000, 6),
    "surround of eight channels": lambda: made("mp4", "aac", 48_000, 8),
    "wav 8 bit": lambda: plain_wav(width=1),
    "wav 24 bit": lambda: plain_wav(width=3),
    "wav 32 bit": lambda: plain_wav(width=4),
    "wav 64 bit stereo": lambda: made("wav", "pcm_s64le", channels=2),
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
    "program stream": lambda: made("vob", "mp2", 44_100),
    "flac from a pipe": lambda: piped("flac", "flac"),
    "flac from a pipe with a tag behind": lambda: piped("flac", "flac") + b"TAG".ljust(128, b"\0"),
    "flac from a pipe with another tag behind": lambda: piped("flac", "flac") + b"APETAGEX".ljust(400, b"\1"),
    "flac from a pipe with a line break behind": lambda: piped("flac", "flac") + b"\n",
    "program stream with padding": lambda: made("vob", "mp2", 44_100) + bytes(3),
    "program stream with an end and more": lambda: made("vob", "mp2", 44_100) + b"\0\0\1\xb9" + b"\xff" * 4,
    "program stream of few packs": few_packs,
    "nut": lambda: made("nut", "mp2", 44_100),
    "wavpack in matroska": lambda: made("matroska", "wavpack", 48_000),
    "matroska whose index names its clusters": with_cluster_index,
    "w64 from a pipe": lambda: piped("w64", "pcm_s16le"),
    "aiff from a pipe": lambda: piped("aiff", "pcm_s16be"),
    "wma from a pipe": lambda: streamed_asf(made("asf", "mp2", 44_100)),
    "film": film,
    "zip of one": zipped,
    "dsd": lambda: dsd(64),
    "dsd of twice the rate": lambda: dsd(128),
    "wav with an unpadded chunk": unpadded,
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
    "zip": (lambda: zipped("words.txt"), NotAudio),
    "zip, cut in its first track's header": (lambda: zipped()[:90], TruncatedAudio),
    "film without sound": (lambda: film(with_sound=False), NotAudio),
    "ogg's first letters": (lambda: b"OggS" + bytes(100), BadAudio),
    "ogg's header alone": (lambda: encode(TONE, RATE)[:60], BadAudio),
    "webm's first letters": (lambda: b"\x1aE\xdf\xa3" + bytes(200), BadAudio),
    "wav's header alone": (lambda: header(data=b""), EmptyAudio),
    "wav, cut in its header": (lambda: plain_wav()[:30], BadAudio),
    "m4a, half of it": (lambda: half(made("ipod", "aac")), TruncatedAudio),
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
    assert abs(Recording.open(data, Limits()).facts.seconds - len(pcm) / 32_000) < 0.12
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


def test_minutes_are_not_held_to_the_millisecond() -> None:
    """Encoders fill up their last frame, so a recording of ten seconds may be longer."""
    facts = Recording.open(encode(tone(10), RATE, "mp3"), Limits(seconds=10)).facts
    assert facts.seconds > 10
    with pytest.raises(AudioTooLong):
        Recording.open(encode(tone(11), RATE, "mp3"), Limits(seconds=10))


def test_the_frames_of_silence_that_phones_write_keep_their_time() -> None:
    data = silences()
    kinds = [data[at] >> 3 & 15 for at in _amr_frames(data)]
    assert 8 in kinds, "frames that describe the noise"
    assert 15 in kinds, "frames without data"
    recording = Recording.open(data, Limits())
    assert recording.facts.seconds == pytest.approx(5.0, abs=0.1)
    assert not recording.facts.cut
    pcm = to_pcm(data)
    assert len(pcm) / 32_000 == pytest.approx(5.0, abs=0.1)
    assert abs(pitch(pcm[2 * 32_000 : 3 * 32_000], 16_000) - 440) < 4
    assert dbfs(pcm[:32_000]) < dbfs(pcm[2 * 32_000 : 3 * 32_000]) - 30


def _amr_frames(data: bytes) -> Iterator[int]:
    """Yield where each frame begins (RFC 4867 section 5.3)."""
    sizes, at = (12, 13, 15, 17, 19, 20, 26, 31, 5, 6, 5, 5, 0, 0, 0, 0), 6
    while at < len(data):
        yield at
        at += 1 + sizes[data[at] >> 3 & 15]


def test_a_file_on_disk_is_read_like_one_in_memory(tmp_path: Path) -> None:
    file = tmp_path / "a.ogg"
    file.write_bytes(encode(TONE, RATE))
    assert to_pcm(file) == to_pcm(file.read_bytes())


@pytest.mark.parametrize("kind", ["nothing", "html", "m4a, half of it", "26 MB"])
def test_what_is_wrong_with_a_recording_is_known_before_it_is_decoded(kind: str) -> None:
    make, error = BROKEN[kind]
    with pytest.raises(error):
        Recording.open(make(), Limits())


def test_parts_overlap_and_lose_nothing() -> None:
    whole = to_pcm(plain_wav(16_000, seconds=10))
    recording = Recording.open(plain_wav(16_000, seconds=10), Limits())
    found = [(head.start, b"".join(part.sound()), head.last) for head, part in recording.parts(4, 1)]
    assert [(start, last) for start, _, last in found] == [(0, False), (3, False), (6, True)]
    for start, pcm, _ in found:
        at = int(start * 32_000)
        assert whole[at : at + len(pcm)] == pcm
    assert found[-1][0] + len(found[-1][1]) / 32_000 == 10


@pytest.mark.parametrize("kind", READABLE)
def test_what_is_whole_is_not_called_cut(kind: str) -> None:
    assert not Recording.open(READABLE[kind](), Limits()).facts.cut


_ONE_PAGE = {"page_duration": "60000000"}
CUT: dict[str, Callable[[], bytes]] = {
    "ogg": lambda: half(encode(tone(6), RATE)),
    "ogg of one long page": lambda: half(made("ogg", "libopus", 48_000, seconds=6, options=_ONE_PAGE)),
    "latm": lambda: half(made("latm", "aac", 44_100, seconds=6))[:-5],
    "webm": lambda: half(made("webm", "libopus", 48_000, seconds=6)),
    "mp3": lambda: half(encode(tone(6), RATE, "mp3")),
    "aac": lambda: half(made("adts", "aac", 44_100, seconds=6)),
    "flac": lambda: half(made("flac", "flac", seconds=6)),
    "wav": lambda: half(plain_wav(seconds=6)),
    "aiff": lambda: half(made("aiff", "pcm_s16be", 44_100, seconds=6)),
    "caf": lambda: half(made("caf", "pcm_s16le", seconds=6)),
    "fragmented mp4": lambda: half(made("mp4", "aac", seconds=6, options={"movflags": "frag_keyframe+empty_moov"})),
    "avi": lambda: half(made("avi", "mp2", 44_100, seconds=6)),
    "amr": lambda: half(made("amr", "libopencore_amrnb", 8_000, seconds=6))[:-4],
    "wma": lambda: half(made("asf", "mp2", 44_100, seconds=6)),
    "mp2": lambda: half(made("mp2", "mp2", 44_100, seconds=6))[:-7],
    "ac3": lambda: half(made("ac3", "ac3", 48_000, 2, seconds=6))[:-7],
    "eac3": lambda: half(made("eac3", "eac3", 48_000, 2, seconds=6))[:-7],
    "flv": lambda: half(made("flv", "aac", 44_100, seconds=6)),
    "flac from a pipe": lambda: half(piped("flac", "flac", 6)),
    "program stream": lambda: half(made("vob", "mp2", 44_100, seconds=6)),
    "program stream of MPEG-1": lambda: half(made("mpeg", "mp2", 44_100, seconds=6))[:-9],
    "transport stream": lambda: half(made("mpegts", "aac", 44_100, seconds=6)),
    "zip": lambda: half(zipped(sound=tone(6))),
}


@pytest.mark.parametrize("kind", CUT)
def test_what_is_cut_is_heard_as_far_as_it_goes_and_known(kind: str) -> None:
    data = CUT[kind]()
    recording = Recording.open(data, Limits())
    assert recording.facts.cut
    assert 1.5 < len(to_pcm(data)) / 32_000 < 4.5


def test_a_flac_file_of_unknown_length_is_cut_anywhere_in_its_last_frame() -> None:
    data = piped("flac", "flac")
    last = data.rindex(data[data.index(b"\xff\xf8") :][:2])
    for end in (*range(last + 2, last + 12), *range(last + 12, len(data) - 4, 37), *range(len(data) - 4, len(data))):
        assert Recording.open(data[:end], Limits()).facts.cut, f"{end} of {len(data)}"


def test_an_index_before_the_sound_makes_a_cut_film_readable(tmp_path: Path) -> None:
    """Recorders that put the index first leave a file that tells of more than it has."""
    path = tmp_path / "a.m4a"
    with av.open(str(path), mode="w", format="ipod", options={"movflags": "faststart"}) as file:
        stream = file.add_stream("aac", rate=RATE, layout="mono")
        assert isinstance(stream, av.AudioStream)
        fill(file, stream, RATE, 6, "fltp", "mono")
    data = path.read_bytes()
    assert not Recording.open(data, Limits()).facts.cut
    assert Recording.open(half(data), Limits()).facts.cut
    assert 1.5 < len(to_pcm(half(data))) / 32_000 < 4.5


def test_gaps_in_time_stamps_are_silence() -> None:
    """A pause of the recorder, and sound that begins after the picture."""
    data = gapped([(3.0, 1.0), (9.0, 1.0)])
    recording = Recording.open(data, Limits())
    assert recording.facts.seconds == pytest.approx(10, abs=0.1)
    loud = sounding(to_pcm(data))
    assert loud == [pytest.approx((3, 4), abs=0.1), pytest.approx((9, 10), abs=0.1)]


@pytest.mark.parametrize("container", ["matroska", "mp4"])
def test_sound_alone_that_begins_late_is_late(container: str) -> None:
    data = gapped([(3.0, 1.0)], container, picture=False)
    assert Recording.open(data, Limits()).facts.seconds == pytest.approx(4, abs=0.1)
    assert sounding(to_pcm(data)) == [pytest.approx((3, 4), abs=0.1)]


def test_a_piece_of_a_broadcast_begins_at_once() -> None:
    data = gapped([(5000.0, 1.0)], picture=False)
    assert Recording.open(data, Limits()).facts.seconds == pytest.approx(1, abs=0.1)


def test_samples_that_the_encoder_adds_before_the_sound_are_not_counted() -> None:
    """In slow recordings those of an MP3 are 0.14 s."""
    data = made("mp3", "libmp3lame", 8_000)
    assert Recording.open(data, Limits()).facts.seconds == pytest.approx(2, abs=0.08)


def test_long_silence_is_left_out_and_times_stay() -> None:
    data = gapped([(0.0, 2.0), (60.0, 2.0)])
    recording = Recording.open(data, Limits())
    found = [(head.start, head.last, len(b"".join(part.sound())) / 32_000) for head, part in recording.parts(300)]
    assert found == [
        (0.0, False, pytest.approx(2, abs=0.1)),
        (pytest.approx(60, abs=0.1), True, pytest.approx(2, abs=0.1)),
    ]


def test_digital_silence_is_not_sent() -> None:
    with pytest.raises(SilentAudio):
        to_pcm(header(data=bytes(48_000 * 5)))
    quiet_end = header(data=TONE + bytes(48_000 * 60))
    assert len(to_pcm(quiet_end)) / 32_000 == pytest.approx(2, abs=0.6)


@pytest.mark.parametrize("decibels", [-70, -50, -36])
def test_quiet_sound_is_raised_without_noise(decibels: float) -> None:
    tone_24_bit = np.sin(2 * np.pi * 440 * np.arange(RATE * 2) / RATE) * 10 ** (decibels / 20) * 2**23
    samples = np.rint(tone_24_bit).astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    pcm = to_pcm(header(bits=24, data=samples))
    assert -20 < dbfs(pcm) < -12
    found = np.abs(np.fft.rfft(np.frombuffer(pcm, "<i2")[3200:28_800] * np.hanning(25_600)))
    place = int(found.argmax())
    assert place * 16_000 / 25_600 == pytest.approx(440, abs=2)
    found[place - 4 : place + 5] = 0
    assert np.sqrt((found**2).sum()) < 0.1 * 25_600 * 1600, "the noise of few bits would be as loud as the tone"


def test_loud_sound_stays_as_it_is() -> None:
    assert to_pcm(plain_wav(16_000)) == tone(2, rate=16_000)


def test_24_valid_bits_of_32_are_integers() -> None:
    samples = (np.frombuffer(TONE, "<i2").astype("<i4") << 16).tobytes()
    assert to_pcm(extensible(samples, bits=32, valid=24)) == to_pcm(header(bits=32, data=samples))


def test_links_of_a_chained_ogg_are_heard_one_after_the_other() -> None:
    mono, stereo = encode(TONE, RATE), made("ogg", "libopus", 48_000, 2)
    data = mono + stereo + mono
    assert Recording.open(data, Limits()).facts.seconds == pytest.approx(6, abs=0.2)
    assert len(to_pcm(data)) / 32_000 == pytest.approx(6, abs=0.2)


WORDS = clips.load("ben-story", 16_000)
"""Somebody speaks."""


def spoken(count: int, on: dict[int, float], noise: float = 0.0) -> bytes:
    """Return a WAV of `count` channels: speech on those of `on`, with that factor, and noise on the others."""
    words = np.frombuffer(WORDS, "<i2").astype(float)
    random = np.random.default_rng(3)
    hiss = random.normal(0, noise + 1e-9, (count, words.size))
    channels = [on[number] * words if number in on else hiss[number] for number in range(count)]
    data = np.clip(np.rint(np.stack(channels, 1)), -32768, 32767).astype("<i2").tobytes()
    return header(rate=16_000, channels=count, data=data)


@pytest.mark.parametrize(
    "data",
    [
        spoken(2, {0: 1.0, 1: -1.0}),
        spoken(2, {1: 1.0}),
        spoken(2, {0: 1.0}, noise=6000),
        spoken(4, {3: 1.0}),
        spoken(6, {2: 0.5}, noise=6000),
        spoken(6, {3: 1.0}),
        spoken(8, {7: 1.0}),
    ],
    ids=["opposed", "right", "noise on the right", "fourth of 4", "centre beneath effects", "lfe", "eighth of 8"],
)
def test_the_channel_with_speech_is_heard(data: bytes) -> None:
    pcm = np.frombuffer(to_pcm(data), "<i2").astype(float)
    words = np.frombuffer(WORDS, "<i2").astype(float)
    assert abs(np.corrcoef(pcm, words[: len(pcm)])[0, 1]) > 0.95


def test_the_speakers_of_an_archive_are_named_and_all_heard() -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("1-alice.ogg", encode(tone(2) + bytes(96_000), RATE))
        file.writestr("2-b_o_b.flac", made("flac", "flac", seconds=4))
        file.writestr("3-quiet.ogg", b"")
        file.writestr("info.txt", "Recording x\n\nTracks:\n\talice#0 (111)\n\tBob the Builder#1234 (222)\n")
        file.writestr("__MACOSX/1-alice.ogg", b"x")
    recording = Recording.open(out.getvalue(), Limits())
    assert recording.facts.speakers == ["alice", "Bob the Builder"]
    ((head, part),) = recording.parts(300)
    assert len(b"".join(part.sound())) / 32_000 == pytest.approx(4, abs=0.1)
    assert [(turn.name, turn.start, turn.end) for turn in head.turns] == [
        ("alice", 0.0, pytest.approx(2, abs=0.2)),
        ("Bob the Builder", 0.0, pytest.approx(4, abs=0.2)),
    ]


def test_bare_frames_of_a_telephone_are_known_by_what_they_repeat() -> None:
    """GSM 06.10 without a header, as answering machines store it."""
    noise = np.random.default_rng(2)
    frames = [noise.bytes(32) for _ in range(100)]
    data = b"".join(b"\xd8" + frame for frame in frames)
    assert Recording.open(data, Limits()).facts.seconds == pytest.approx(2, abs=0.05)
    assert len(to_pcm(data)) / 32_000 == pytest.approx(2, abs=0.05)
    with pytest.raises(BadAudio):
        Recording.open(b"".join(b"\xc8" + frame for frame in frames), Limits())


@pytest.mark.parametrize(
    ("name", "container", "codec", "rate"),
    [
        *(("a.g722", "g722", "g722", 16_000), ("a.ULAW", "mulaw", "pcm_mulaw", 8_000)),
        *(("a.al", "alaw", "pcm_alaw", 8_000), ("folder/a.sln", "s16le", "pcm_s16le", 8_000)),
    ],
)
def test_a_recording_without_a_header_is_what_its_name_says(name: str, container: str, codec: str, rate: int) -> None:
    data = made(container, codec, rate)
    recording = Recording.open(data, Limits(), name)
    assert recording.facts.seconds == pytest.approx(2.0, abs=0.1)
    assert not recording.facts.cut
    sound = b"".join(piece for _, part in recording.parts(600.0) for piece in part.sound())
    assert abs(pitch(sound, 16_000) - 440) < 4


HEADED: dict[str, Callable[[], bytes]] = {
    "wav": plain_wav,
    "mp3": lambda: made("mp3", "libmp3lame", 44_100, options={"id3v2_version": "0", "write_xing": "0"}),
    "adts": lambda: made("adts", "aac", 44_100),
    "ac3": lambda: made("ac3", "ac3", 48_000, 2),
    "wma": lambda: made("asf", "mp2", 44_100),
    "rf64": lambda: made("wav", "pcm_s16le", options={"rf64": "always"}),
    "tta": lambda: made("tta", "tta"),
    "wavpack": lambda: made("wv", "wavpack"),
    "transport stream": lambda: made("mpegts", "mp2", 44_100),
}


@pytest.mark.parametrize("kind", HEADED)
@pytest.mark.parametrize("name", ["a.g722", "a.al"])
def test_a_name_says_less_than_a_header(name: str, kind: str) -> None:
    data = HEADED[kind]()
    assert Recording.open(data, Limits(), name).facts == Recording.open(data, Limits()).facts


@pytest.mark.parametrize(
    "content", ["\ufeff\r\nMicrosoft Visual Studio Solution File\r\n", "話した 言葉\n" * 9000, "%PDF-1.7\0"]
)
def test_what_is_no_sound_is_none_by_any_name(content: str) -> None:
    with pytest.raises(NotAudio):
        Recording.open(content.encode(), Limits(), "App.sln")


@pytest.mark.parametrize("first", [b"\xd5", b"\x55", b"\xff\xfb\x90\x64"], ids=["silence", "letters", "an mp3's mark"])
def test_a_name_says_more_than_what_begins_like_a_header(first: bytes) -> None:
    """Silence of A-law looks like GSM or letters, and four bytes of any noise like a frame."""
    noise = np.random.default_rng(4).bytes(40_000)
    facts = Recording.open(first * 40_000 + noise if len(first) == 1 else first + noise, Limits(), "a.al").facts
    assert facts.seconds == pytest.approx((80_000 if len(first) == 1 else 40_004) / 8_000)


def test_what_is_cut_before_its_first_sound_is_called_cut() -> None:
    data = made("mp4", "aac", options={"movflags": "frag_keyframe+empty_moov"})
    with pytest.raises(TruncatedAudio):
        to_pcm(data[: data.index(b"mdat") + 4])


def test_samples_before_the_beginning_are_not_counted() -> None:
    """RFC 7845 section 4.2: a player skips what a decoder needs to settle, up to 1.4 s."""
    data = preskipped(encode(tone(4), RATE), 48_000)
    assert Recording.open(data, Limits()).facts.seconds == pytest.approx(3, abs=0.1)
    assert len(to_pcm(data)) / 32_000 == pytest.approx(3, abs=0.1)


def test_big_endian_wav_is_no_noise() -> None:
    samples = np.frombuffer(TONE, "<i2").astype(">i2").tobytes()
    fmt = struct.pack(">4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, RATE * 2, 2, 16)
    body = b"WAVE" + fmt + struct.pack(">4sI", b"data", len(samples)) + samples
    data = b"RIFX" + struct.pack(">I", len(body)) + body
    assert to_pcm(data) == to_pcm(header())
    assert Recording.open(data[:-20_000], Limits()).facts.cut
