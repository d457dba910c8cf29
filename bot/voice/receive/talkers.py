"""Which people make sound now, as the floor needs it: SSRCs matched to people, open microphones left out."""

from collections.abc import Set
from typing import Final

from bot.voice.receive.activity import Activity
from bot.voice.receive.participants import Participants

MAX_UNHEARD_SECONDS: Final = 15.0
"""Somebody the bot may not hear stops holding the floor after this much continuous sound: an open microphone."""


class Talkers:
    """The sound activity of a call. Packets are noted under the person, or under the SSRC while that is unknown."""

    def __init__(self, participants: Participants) -> None:
        self._participants = participants
        self.by_user: Activity[int] = Activity()
        self.by_ssrc: Activity[int] = Activity()
        "SSRCs whose person is unknown"

    def talking(self, now: float, mapped: Set[int]) -> frozenset[int]:
        """Return the people whose sound arrives now; `mapped` are those with a known SSRC.

        Somebody the bot may not hear counts for at most 15 s of continuous sound. If exactly one person in the channel
        has no known SSRC, the sound of unknown SSRCs counts as theirs.
        """
        people, admitted = self._participants.present, self._participants.admitted
        sounds = self.by_user.talking(now)
        unknown = self.by_ssrc.talking(now)
        unmapped = people - mapped
        if unknown and len(unmapped) == 1:
            sounds.setdefault(next(iter(unmapped)), max(unknown.values()))
        return frozenset(
            user_id
            for user_id, seconds in sounds.items()
            if user_id in people and (user_id in admitted or seconds < MAX_UNHEARD_SECONDS)
        )
