"""The state of one reply across its attempts: what was tried, discarded and billed; pure."""

from bot.engine.prompt import Prompt
from bot.engine.stream import Assembly
from bot.types import AudioDelta, ReplyDone, TextDelta, Usage, WordsWait

MAX_REPEATED_SECONDS = 4.0
"""A written answer that took longer is good enough: to ask again for a spoken one would double the wait."""


class Attempts:
    """State that outlives one attempt. Call `begin` for each; the other methods refer to the current one."""

    def __init__(self, *, text_only: bool, ask_for_sound: bool = True) -> None:
        """`ask_for_sound`: discard the first text-only answer and ask again for a spoken one."""
        self.use_ids = True
        "name earlier answers by audio id"
        self.use_history = True
        self.retold = False
        "show earlier answers without an id as user text, not as assistant messages"
        self.retried = False
        self._ask_for_sound = ask_for_sound and not text_only
        self._words_told = False
        self._spent = Usage()
        self._estimated = False
        self._discarded = 0

    def begin(self, prompt: Prompt, assembly: Assembly) -> None:
        self._prompt = prompt
        self._assembly = assembly
        self._sound: list[AudioDelta] = []
        self._told = ""

    def take(self, event: TextDelta | AudioDelta) -> list[TextDelta | AudioDelta | WordsWait]:
        """Return what may be passed on: all, once there is sound. Until then it waits; words say so once."""
        if isinstance(event, AudioDelta):
            self._sound.append(event)
        if self.audible:
            return [*self.release()]
        if self._words_told or not self._assembly.text:
            return []
        self._words_told = True
        return [WordsWait()]

    def release(self) -> list[TextDelta | AudioDelta]:
        """Return what was not passed on yet."""
        text, sound = self._assembly.text, self._sound
        self._sound = []
        # A thought that turned out to be one takes back the text before it.
        news = text.removeprefix(self._told)
        self._told = text
        return [*([TextDelta(news)] if news else []), *sound]

    @property
    def audible(self) -> bool:
        """Whether any of this attempt was passed on. If so, it cannot be retried. Text waits for sound, or the end."""
        return self._assembly.seconds > 0

    def ask_again_for_sound(self, took: float) -> bool:
        """Handle a text-only answer that took some seconds: return True once, when to request the reply again."""
        if not self._ask_for_sound or took > MAX_REPEATED_SECONDS:
            return False
        self._ask_for_sound = False
        self.retold = True
        self.discard()
        return True

    def discard(self) -> None:
        """Throw this attempt away, but keep its usage: the server bills it."""
        if self._assembly.begun:
            usage, estimated = self._assembly.usage(self._prompt.sent)
            self._spent = self._spent + usage
            self._estimated = self._estimated or estimated
        self._discarded += self._assembly.sent_twice

    def done(self, *, complete: bool) -> ReplyDone:
        """Return the final event, with this attempt as the answer."""
        assembly = self._assembly
        usage, estimated = assembly.usage(self._prompt.sent) if assembly.begun else (Usage(), False)
        named = complete and assembly.seconds > 0
        return ReplyDone(
            usage=self._spent + usage,
            estimated=self._estimated or estimated,
            audio_id=assembly.audio_id if named else None,
            expires_at=assembly.expires_at if named else None,
            complete=complete,
            discarded=self._discarded + assembly.sent_twice,
        )
