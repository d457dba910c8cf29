"""What the demo writes to its folder: recordings, the transcript, and the timings."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from bot.audio import HEAR_RATE, RTP_RATE, to_wav
from sandbox.model.log import ReceivedRequest
from sandbox.people.recorder import Recorder


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds; None: that step did not happen."""

    packet_to_request: float | None
    "last voice packet -> the request's body had arrived"
    model: float | None
    "request -> first audio event"
    event_to_wire: float | None
    "first audio event -> first packet with sound at a listener"
    total_less_model: float | None
    "last voice packet -> first packet, minus the model's own time"


@dataclass(slots=True)
class DemoTurn:
    """One thing said, and the request that followed. Times are loop times."""

    who: str
    words: str
    last_packet: float
    request: ReceivedRequest
    first: float | None = None
    "when the answer's first sound arrived at the listener"

    def first_packet(self, recorder: Recorder, bot: int) -> float | None:
        """Return when the answer's first sound arrived, or None if it has not yet."""
        if self.first is None and (event := self.request.answered_at) is not None:
            self.first = next((frame.at for frame in recorder.frames(bot) if frame.at >= event), None)
        return self.first

    def timing(self) -> Timing:
        request = self.request
        asked, event, first = request.body_at, request.answered_at, self.first
        model = _ms(asked, event)
        total = _ms(self.last_packet, first)
        # A preemptive request starts before the last voice packet: the model's time counts only from that packet on.
        waited = _ms(max(asked, self.last_packet), event) if asked and event else None
        return Timing(
            _ms(self.last_packet, asked),
            model,
            _ms(event, first),
            round(total - waited, 1) if total is not None and waited is not None else None,
        )


@dataclass(slots=True)
class DemoReport:
    """Everything the demo recorded; `write` saves it in a folder."""

    recorder: Recorder
    bot: int
    turns: list[DemoTurn] = field(default_factory=list)
    transcript: list[str] = field(default_factory=list)
    channel: bytes = b""
    "what a person in the channel heard from the bot, s16le mono 48 kHz"

    def write(self, out: Path) -> list[str]:
        """Write heard-N.wav, channel.wav, transcript.md and timings.json; return the names."""
        written: list[str] = []
        out.mkdir(parents=True, exist_ok=True)
        for number, turn in enumerate(self.turns, 1):
            sound = turn.request.newest or turn.request.pcm
            if sound:  # a model that reads gets none
                written.append(f"heard-{number}.wav")
                (out / written[-1]).write_bytes(to_wav(sound, HEAR_RATE))
        (out / "channel.wav").write_bytes(to_wav(self.channel, RTP_RATE))
        (out / "transcript.md").write_text("\n\n".join(self.transcript) + "\n", encoding="utf-8")
        timings = [
            {
                "turn": number,
                "speaker": turn.who,
                "last_voice_packet_to_request_ms": timing.packet_to_request,
                "model_ms": timing.model,
                "first_audio_event_to_first_packet_ms": timing.event_to_wire,
                "total_less_model_ms": timing.total_less_model,
            }
            for number, turn in enumerate(self.turns, 1)
            for timing in [turn.timing()]
        ]
        (out / "timings.json").write_text(json.dumps({"turns": timings}, indent=2) + "\n", encoding="utf-8")
        return [*written, "channel.wav", "transcript.md", "timings.json"]


def _ms(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else round((end - start) * 1000, 1)
