"""What one reply went through over its attempts: what was tried, thrown away and paid; pure."""

from dataclasses import fields

from bot.engine.prompt import Prompt
from bot.engine.stream import Assembly
from bot.types import ReplyDone, Usage


class Attempts:
    """The state that outlives an attempt. `begin` each attempt; the other methods speak of the one begun last."""

    def __init__(self, *, text_only: bool, ask_for_sound: bool = True) -> None:
        """`ask_for_sound`: an answer in words only is thrown away once, in the hope of a spoken one."""
        self.use_ids = True
        "name earlier answers by audio id"
        self.use_history = True
        self.retold = False
        "show earlier answers without an id as told, not as given"
        self.retried = False
        self._ask_for_sound = ask_for_sound and not text_only
        self._text_only = text_only
        self._spent = Usage()
        self._estimated = False
        self._discarded = 0

    def begin(self, prompt: Prompt, assembly: Assembly) -> None:
        self._prompt = prompt
        self._assembly = assembly

    @property
    def audible(self) -> bool:
        """Whether something of this attempt was passed on: then it cannot be asked for again."""
        return self._assembly.seconds > 0 or (self._text_only and bool(self._assembly.text))

    def ask_again_for_sound(self) -> bool:
        """An answer came in words only: say yes, once, to asking again."""
        if not self._ask_for_sound:
            return False
        self._ask_for_sound = False
        self.retold = True
        self.discard()
        return True

    def discard(self) -> None:
        """This attempt is thrown away; what came of it was paid for all the same."""
        if self._assembly.begun:
            usage, estimated = self._assembly.usage(self._prompt.sent)
            self._spent = add(self._spent, usage)
            self._estimated = self._estimated or estimated
            self._discarded += 1

    def done(self, *, complete: bool) -> ReplyDone:
        """Close the books with this attempt as the answer."""
        assembly = self._assembly
        usage, estimated = assembly.usage(self._prompt.sent) if assembly.begun else (Usage(), False)
        named = complete and assembly.seconds > 0
        return ReplyDone(
            usage=add(self._spent, usage),
            estimated=self._estimated or estimated,
            audio_id=assembly.audio_id if named else None,
            expires_at=assembly.expires_at if named else None,
            complete=complete,
            discarded=self._discarded,
        )


def add(left: Usage, right: Usage) -> Usage:
    """Return the sum, kind by kind."""
    return Usage(*(getattr(left, field.name) + getattr(right, field.name) for field in fields(Usage)))
