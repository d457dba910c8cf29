"""What became of the last utterances, for /call why."""

from collections import Counter, deque

from bot.call.counters import Counters
from bot.errors import BotError
from bot.types import Utterance, Verdict

KEPT = 20


class Verdicts:
    """The verdicts of one call, newest last."""

    def __init__(self, tally: Counters) -> None:
        self.counts: Counter[str] = Counter()
        "outcome -> how often since the call began"
        self._tally = tally
        self._verdicts: deque[Verdict] = deque(maxlen=KEPT)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        return tuple(self._verdicts)

    def add(self, verdict: Verdict) -> None:
        self.counts[verdict.outcome] += 1
        self._tally.outcomes[verdict.outcome] += 1
        self._verdicts.append(verdict)

    def judge(self, utterance: Utterance, outcome: str, **detail: float | str) -> None:
        """Note the outcome of an utterance; `detail` is the number behind it.

        The first one counts, but what was taken for a nod while its words were not known may be "stop".
        """
        detail = {"seconds": round(utterance.voiced, 2), **detail}
        verdict = Verdict(utterance.id, utterance.user_id, utterance.started_at, outcome, detail)
        for place, before in enumerate(self._verdicts):
            if before.utterance_id == utterance.id:
                if before.outcome == "backchannel":
                    self.counts.update({before.outcome: -1, outcome: 1})
                    self._verdicts[place] = verdict
                return
        self.add(verdict)


def reason(error: BotError) -> dict[str, float | str]:
    """Return the numbers behind an answer that failed: the server's status, where there was one, and the error's code.

    An engine's error begins with the status (engine/faults.py).
    """
    status = str(error).split(" ", 1)[0]
    return {**({"status": status} if status.isdigit() else {}), "code": error.code}
