"""The outcome of each recent utterance, for /call why."""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace

from bot.call.counters import Counters
from bot.errors import BotError
from bot.types import ToolUse, Utterance, Verdict

MAX_KEPT_VERDICTS = 20
"""The newest verdicts that /call why can show."""
MAX_TOLD_TOOLS = 3
"""In the verdict of one answer."""


class Verdicts:
    """The verdicts of one call."""

    def __init__(self, counters: Counters) -> None:
        self.counts: Counter[str] = Counter()
        "outcome -> count since the call began"
        self._counters = counters
        self._verdicts: deque[Verdict] = deque(maxlen=MAX_KEPT_VERDICTS)

    @property
    def latest(self) -> tuple[Verdict, ...]:
        """The last verdicts, newest last."""
        return tuple(self._verdicts)

    def add(self, verdict: Verdict) -> None:
        self.counts[verdict.outcome] += 1
        self._counters.outcomes[verdict.outcome] += 1
        self._verdicts.append(verdict)

    def note_echo(self, verdict: Verdict) -> None:
        """Record that the bot's voice came back from somebody; one line per person, however often it does."""
        for before in self._verdicts:
            if before.outcome == verdict.outcome and before.user_id == verdict.user_id:
                self._verdicts.remove(before)
                seconds = float(before.detail.get("seconds", 0)) + float(verdict.detail.get("seconds", 0))
                verdict = replace(verdict, detail={**verdict.detail, "seconds": round(seconds, 2)})
                break
        self.add(verdict)

    def judge(self, utterance: Utterance, outcome: str, **detail: float | str) -> None:
        """Record the outcome of an utterance. `detail` holds the figures behind it.

        The first outcome counts. Only "backchannel" may change later: its words, once transcribed, may say "stop".
        """
        detail = {"seconds": round(utterance.voiced, 2), **detail}
        verdict = Verdict(utterance.id, utterance.user_id, utterance.started_at, outcome, detail)
        for index, before in enumerate(self._verdicts):
            if before.utterance_id == utterance.id:
                if before.outcome == "backchannel":
                    self.counts.update({before.outcome: -1, outcome: 1})
                    self._verdicts[index] = verdict
                return
        self.add(verdict)


def reason(error: BotError) -> dict[str, float | str]:
    """Return the detail of a failed answer: the HTTP status, if there is one, and the error's code.

    The message of an engine's error begins with the status (engine/faults.py).
    """
    status = str(error).split(" ", 1)[0]
    return {**({"status": status} if status.isdigit() else {}), "code": error.code}


def uses(tools: Sequence[ToolUse]) -> dict[str, str]:
    """Return the detail of an answer that used tools: which, how long, by whose right, and what failed."""
    if not tools:
        return {}
    told = [
        f"{use.name} {use.seconds:.2f} s ({use.allowed}{'' if use.outcome == 'done' else f', {use.outcome}'})"
        for use in tools[:MAX_TOLD_TOOLS]
    ]
    return {"tools": ", ".join(told)}
