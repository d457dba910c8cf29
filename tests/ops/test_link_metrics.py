"""What the metrics show of a link's counters, whatever the code calls them."""

from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prometheus_client import generate_latest

from bot.call.counters import Counters
from bot.ops.health import Lag
from bot.ops.metrics import BotCollector, Links, mean_latency, registry
from bot.voice import opus
from bot.voice.link.transport import TransportStats
from bot.voice.receive.inbox import Inbox
from bot.voice.receive.receiver import Receiver
from bot.voice.send.pacer import Pacer
from bot.voice.send.playback import MAX_PLAYBACK_BYTES
from bot.voice.send.sender import Sender


async def _speak(_: bool) -> None: ...


class QuietLink:
    """A link's counters, without its connection."""

    def __init__(self) -> None:
        library = opus.load()
        self.inbox = Inbox()
        self.receiver = Receiver(library)
        self.stats = TransportStats()
        self.sender = Sender(
            Pacer(), lambda: opus.OpusEncoder(library), send=lambda _: None, speak=_speak, connected=lambda: False
        )


def page(link: QuietLink, counters: Counters | None = None) -> str:
    calls = cast("Any", SimpleNamespace(all=list, counts=Counter(), outbox=()))
    links = Links()
    links.open.add(cast("Any", link))
    collector = BotCollector(calls, links, counters or Counters(), Pacer(), Lag(), dict)
    return generate_latest(registry(collector)).decode()


@pytest.mark.parametrize(
    ("counter", "line"),
    [
        ("auth_failed", 'kikite_packets_total{fate="forged"} 7.0'),
        ("unknown_ssrc", 'kikite_packets_total{fate="stranger"} 7.0'),
        ("too_many_unknown_ssrcs", 'kikite_packets_total{fate="too_many_strangers"} 7.0'),
        ("decoded", 'kikite_packets_total{fate="decoded"} 7.0'),
        ("undecryptable", 'kikite_dave_failures_total{kind="undecryptable"} 7.0'),
        ("receive_broken", 'kikite_link_events_total{event="deaf"} 7.0'),
        ("send_broken", 'kikite_link_events_total{event="dumb"} 7.0'),
        ("resumed", 'kikite_link_events_total{event="resumed"} 7.0'),
    ],
)
async def test_dashboards_find_each_counter_under_its_label(counter: str, line: str) -> None:
    link = QuietLink()
    stats = link.stats if hasattr(link.stats, counter) else link.receiver.stats
    setattr(stats, counter, 7)
    assert line in page(link)


async def test_a_reply_longer_than_may_be_played_is_counted() -> None:
    link = QuietLink()
    link.sender.play().feed(bytes(MAX_PLAYBACK_BYTES))
    assert 'kikite_call_limits_total{bound="playback_truncated"} 0.0' in page(link)
    link.sender.play().feed(bytes(MAX_PLAYBACK_BYTES + 2))
    assert 'kikite_call_limits_total{bound="playback_truncated"} 1.0' in page(link)
    for _ in range(2):
        link.sender.play()
    assert 'kikite_call_limits_total{bound="playback_truncated"} 1.0' in page(link)


async def test_garbled_audio_of_a_model_is_counted_among_the_limits() -> None:
    counters = Counters()
    counters.calls["sound_garbled"] += 2
    assert 'kikite_call_limits_total{bound="sound_garbled"} 2.0' in page(QuietLink(), counters)


@pytest.mark.parametrize(
    ("seconds", "mean"),
    [
        ((0.1, 0.3), 0.2),
        ((), None),
        ((float("inf"), 0.1), 0.1),  # a shard that has not been answered yet
        ((float("nan"),), None),  # one that is not connected
        ((0.1, 41.3), 0.1),  # discord.py measured from the heartbeat before
    ],
)
def test_the_gateways_latency_is_of_shards_that_have_one(seconds: tuple[float, ...], mean: float | None) -> None:
    assert mean_latency(seconds) == (mean if mean is None else pytest.approx(mean))
