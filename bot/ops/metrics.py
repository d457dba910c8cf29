"""Metrics for Prometheus: existing counters, gathered on each scrape. No ids of people, servers or channels."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from statistics import fmean

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from bot import __version__
from bot.call.counters import Counters
from bot.call.manager import CallManager
from bot.ops.health import Lag
from bot.types import CallState
from bot.voice.link.link import Link
from bot.voice.receive.stats import NOT_FATES
from bot.voice.send.pacer import Pacer

DAVE_FATES = ("undecryptable", "unattributed")
"""Fates that mean: the end-to-end encryption did not let us hear."""
GATEWAY_BEAT_SECONDS = 40.0
"""Discord asks for a heartbeat of the main gateway every 41.25 s: no answer can be later than the next one."""
LINK_LABELS = {
    "unknown_ssrc": "stranger",
    "too_many_unknown_ssrcs": "too_many_strangers",
    "auth_failed": "forged",
    "receive_broken": "deaf",
    "send_broken": "dumb",
}
"""Counters of bot/voice whose label value is another word: dashboards know them by it."""


def mean_latency(seconds: Iterable[float]) -> float | None:
    """Return the mean of the shards' latencies in seconds; None while none is known.

    Where the answer comes at once, discord.py 2.7.1 may report the time since the heartbeat before: no latency.
    """
    known = [one for one in seconds if one < GATEWAY_BEAT_SECONDS]
    return fmean(known) if known else None


class Links:
    """The counters of every voice link of the process, including closed ones."""

    def __init__(self) -> None:
        self.open: set[Link] = set()
        self._over: Counter[str] = Counter()
        self._waits: set[asyncio.Task[object]] = set()

    def opened(self, link: Link) -> None:
        """Follow a link to its end."""
        self.open.add(link)
        wait = asyncio.create_task(link.ended(), name="link counted")
        self._waits.add(wait)
        wait.add_done_callback(lambda done: self._closed(link, done))

    def _closed(self, link: Link, wait: "asyncio.Task[object]") -> None:
        self._waits.discard(wait)
        self.open.discard(link)
        self._over.update(counters(link))

    def totals(self) -> Counter[str]:
        total = Counter(self._over)
        for link in self.open:
            total.update(counters(link))
        return total


def counters(link: Link) -> dict[str, int]:
    """Return a link's counters, `packet:` those of the receiver, `link:` those of the connection."""
    inbox, sender = link.inbox, link.sender
    return {
        **{f"packet:{LINK_LABELS.get(name, name)}": count for name, count in link.receiver.stats.as_dict().items()},
        **{f"link:{LINK_LABELS.get(name, name)}": count for name, count in asdict(link.stats).items()},
        "packet:inbox_refused": inbox.refused,
        "packet:inbox_dropped": inbox.dropped,
        "sent": sender.sent,
        "send_failed": sender.failed,
        "deficit": sender.skipped,
        "underruns": sender.underruns,
        "truncated": sender.truncated,
    }


class BotCollector(Collector):
    """Gathers all metrics at scrape time."""

    def __init__(
        self,
        calls: CallManager,
        links: Links,
        counters: Counters,
        pacer: Pacer,
        lag: Lag,
        gateway: Callable[[], Mapping[str, float]],
    ) -> None:
        """`gateway` returns gauges of the client: ready, shards, servers, latency in seconds."""
        self._calls = calls
        self._links = links
        self._counters = counters
        self._pacer = pacer
        self._lag = lag
        self._gateway = gateway

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("kikite", "The running version.", {"version": __version__})
        for name, value in self._gateway().items():
            yield GaugeMetricFamily(f"kikite_gateway_{name}", "Of the main gateway.", value)
        yield _counter("gateway_events", "What befell shards.", ("event",), _by_name(self._counters.gateway))
        yield from self._of_calls()
        yield from self._of_links()
        yield from self._of_turns()
        for name, help_, late in (
            ("pacer_lateness_seconds", "How late packets left.", self._pacer.lateness),
            ("loop_lag_seconds", "How late the event loop wakes.", self._lag),
        ):
            yield _histogram(name, help_, late.BOUNDS, {(): (late.counts, late.total)})

    def _of_calls(self) -> Iterator[Metric]:
        calls = self._calls.all()
        states = Counter(call.state for call in calls)
        states_of = {(state.value,): states[state] for state in CallState}
        yield _gauge("calls", "Calls by state.", ("state",), states_of)
        yield _counter("call_events", "What befell calls.", ("event",), _by_name(self._calls.counts))
        limits = Counter(self._counters.calls)
        limits["playback_truncated"] = self._links.totals()["truncated"]
        queues: Counter[str] = Counter(dict.fromkeys(("turn", "shown", "kept", "inbox"), 0))
        queues["kept"] += len(self._calls.outbox)
        for call in calls:
            limits.update(call.counts)
            queues["turn"] += call.status().waiting
            queues["shown"] += len(call.display)
            queues["kept"] += len(call.outbox)
        for link in self._links.open:
            queues["inbox"] += len(link.inbox)
        yield _counter("call_limits", "Bounds that were met, and ticks that came late.", ("bound",), _by_name(limits))
        yield _gauge("queue_depth", "What waits, in all calls together.", ("queue",), _by_name(queues))
        yield _counter("transcript_events", "What befell lines.", ("event",), _by_name(self._counters.transcript))

    def _of_links(self) -> Iterator[Metric]:
        totals = self._links.totals()
        packets = {name.partition(":")[2]: count for name, count in totals.items() if name.startswith("packet:")}
        links = {name.partition(":")[2]: count for name, count in totals.items() if name.startswith("link:")}
        fates = {name: count for name, count in packets.items() if name not in NOT_FATES}
        yield _gauge("links", "Voice links that are open.", (), {(): len(self._links.open)})
        yield _counter("packets", "Datagrams by fate.", ("fate",), _by_name(fates))
        yield _counter("packets_received", "Datagrams in all.", (), {(): packets.get("received", 0)})
        sound = {name: packets.get(name, 0) for name in ("frames", "concealed", "lost", "held", "restarted")}
        yield _counter("frames", "Frames of 20 ms given out, and what befell the streams.", ("kind",), _by_name(sound))
        dave = {name: packets.get(name, 0) for name in DAVE_FATES} | {"regrouped": links.pop("regrouped", 0)}
        yield _counter("dave_failures", "Packets no key opened, groups joined anew.", ("kind",), _by_name(dave))
        yield _counter("link_events", "Recoveries of voice links, by how.", ("event",), _by_name(links))
        for name, key, help_ in (
            ("packets_sent", "sent", "Packets sent."),
            ("packets_send_failed", "send_failed", "Packets that could not be sealed or sent."),
            ("frame_deficit", "deficit", "Steps of 20 ms lost to stalls of the process."),
            ("underruns", "underruns", "Times an answer came too slowly to play on."),
        ):
            yield _counter(name, help_, (), {(): totals[key]})

    def _of_turns(self) -> Iterator[Metric]:
        counters = self._counters
        yield _counter("utterances", "Utterances by verdict.", ("verdict",), _by_name(counters.outcomes))
        yield _counter("turns", "Turns by outcome.", ("outcome",), _by_name(counters.turns))
        stages = {(name,): (stage.counts, stage.total) for name, stage in counters.stages.items()}
        bounds = next(iter(counters.stages.values())).BOUNDS
        yield _histogram("turn_stage_seconds", "Stages of a turn.", bounds, stages, ("stage",))
        yield _counter("model_requests", "Requests to the model.", ("kind", "model"), counters.requests)
        yield _counter("model_tokens", "Tokens by kind.", ("model", "kind"), counters.tokens)
        yield _counter("cost_dollars", "US dollars, as far as known.", ("kind", "model"), counters.dollars)
        yield _counter("model_requests_unpriced", "Requests without a known price.", (), {(): counters.unpriced})


def registry(collector: Collector) -> CollectorRegistry:
    """Return a registry with this process's memory, CPU and descriptors, and what `collector` gathers."""
    made = CollectorRegistry()
    ProcessCollector(registry=made)
    PlatformCollector(registry=made)
    made.register(collector)
    return made


def _by_name(counts: Mapping[str, float]) -> dict[tuple[str, ...], float]:
    return {(name,): count for name, count in counts.items()}


def _counter(
    name: str, help_: str, labels: Sequence[str], values: Mapping[tuple[str, ...], float]
) -> CounterMetricFamily:
    family = CounterMetricFamily(f"kikite_{name}", help_, labels=labels)
    for of, value in values.items():
        family.add_metric(of, value)
    return family


def _gauge(name: str, help_: str, labels: Sequence[str], values: Mapping[tuple[str, ...], float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"kikite_{name}", help_, labels=labels)
    for of, value in values.items():
        family.add_metric(of, value)
    return family


def _histogram(
    name: str,
    help_: str,
    bounds: Sequence[float],
    values: Mapping[tuple[str, ...], tuple[Sequence[int], float]],
    labels: Sequence[str] = (),
) -> HistogramMetricFamily:
    family = HistogramMetricFamily(f"kikite_{name}", help_, labels=labels)
    for of, (counts, total) in values.items():
        below = list(zip([*map(str, bounds), "+Inf"], itertools.accumulate(counts), strict=True))
        family.add_metric(of, [(bound, float(count)) for bound, count in below], total)
    return family
