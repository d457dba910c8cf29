"""What kind of sound bytes are, by their first bytes; pure."""

from enum import Enum

MIN_SOUND_HEAD_BYTES = 12
"""Enough for every mark but a frame's."""
MIN_FRAMES_IN_A_ROW = 3
"""Frame headers, each where the one before says, that make bytes MPEG audio: PCM may begin like one frame."""
MAX_ADTS_FRAME_BYTES = 8192

_MPEG_KBPS = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""By version (2 includes 2.5) and layer (ISO 11172-3 section 2.4.2.3, ISO 13818-3)."""
_MPEG_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
"""Hz by the header's version bits."""


class SoundKind(Enum):
    """The value is the name of ffmpeg's demuxer; PCM has none."""

    PCM = ""
    WAV = "wav"
    MP3 = "mp3"
    ADTS = "aac"
    FLAC = "flac"
    OGG = "ogg"
    WEBM = "matroska"
    MP4 = "mp4"
    AIFF = "aiff"
    AU = "au"
    CAF = "caf"
    AMR = "amr"


def mark_of(head: bytes) -> SoundKind | None:
    """Return the kind whose mark these bytes carry; None: they carry none. Never mistakes PCM for another."""
    match head[:4]:
        case b"RIFF" | b"RIFX" | b"RF64" | b"BW64" if head[8:12] == b"WAVE":
            return SoundKind.WAV
        case b"fLaC":
            return SoundKind.FLAC
        case b"OggS":
            return SoundKind.OGG
        case b"\x1aE\xdf\xa3":
            return SoundKind.WEBM
        case b"FORM" if head[8:12] in (b"AIFF", b"AIFC"):
            return SoundKind.AIFF
        case b".snd":
            return SoundKind.AU
        case b"caff":
            return SoundKind.CAF
        case b"#!AM":
            return SoundKind.AMR
        case _ if head[4:8] == b"ftyp":
            return SoundKind.MP4
        case _ if head[:3] == b"ID3" and len(head) > 4 and 2 <= head[3] <= 4:
            return SoundKind.MP3
        case _:
            return None


def kind_of(head: bytes, *, last: bool = False) -> SoundKind | None:
    """Return the kind of sound that begins with these bytes; None while more are needed.

    `last`: no more will come. Bytes without a mark are PCM.
    """
    if len(head) < MIN_SOUND_HEAD_BYTES and not last:
        return None
    if kind := mark_of(head):
        return kind
    return _by_frames(head, last=last)


def begins(part: bytes) -> bool:
    """Whether a part of a stream is the start of a new file, as from a server that sends one file after the other."""
    kind = mark_of(part)
    if kind is SoundKind.OGG:
        return len(part) > 5 and bool(part[5] & 2)  # the page that begins a stream (RFC 3533 section 6)
    return kind is not None


def _by_frames(head: bytes, *, last: bool) -> SoundKind | None:
    at, frames, kind = 0, 0, SoundKind.PCM
    while frames < MIN_FRAMES_IN_A_ROW:
        if at + 7 > len(head):
            if last:
                return kind if frames and at <= len(head) else SoundKind.PCM
            return None
        found, length = _frame(head[at : at + 7])
        if found is SoundKind.PCM or (frames and found is not kind):
            return SoundKind.PCM
        kind = found
        at += length
        frames += 1
    return kind


def _frame(header: bytes) -> tuple[SoundKind, int]:
    """Return the kind and the bytes of the frame with this header; PCM: it is none."""
    none = SoundKind.PCM, 0
    if header[0] != 0xFF or header[1] < 0xE0:
        return none
    if header[1] & 0xF6 == 0xF0:  # ADTS: layer 0 (ISO 13818-7 section 6.2)
        length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
        return (SoundKind.ADTS, length) if (header[2] >> 2) & 15 < 13 and 7 < length <= MAX_ADTS_FRAME_BYTES else none
    version, layer = (header[1] >> 3) & 3, 4 - ((header[1] >> 1) & 3)
    bitrate, rate = header[2] >> 4, (header[2] >> 2) & 3
    if version == 1 or layer == 4 or bitrate in (0, 15) or rate == 3:
        return none
    bits = _MPEG_KBPS[1 if version == 3 else 2, layer][bitrate - 1] * 1000
    hertz, padding = _MPEG_RATES[version][rate], (header[2] >> 1) & 1
    if layer == 1:
        return SoundKind.MP3, (12 * bits // hertz + padding) * 4
    samples = 576 if layer == 3 and version != 3 else 1152
    return SoundKind.MP3, samples // 8 * bits // hertz + padding
