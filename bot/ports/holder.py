"""What every place promises that keeps words, sound or the name of a person."""

from collections.abc import Mapping, Set

from bot.types import Message


class Holder:
    """A place that keeps something of a person, in memory or on disk. Subclasses override what concerns them.

    privacy/erasure.py calls all of them; nobody else does.
    """

    reads_disk = False
    "`forget_person` blocks on the disk and must run in a thread"

    def forget_person(self, user_id: int) -> None:
        """Drop what somebody said and what it was answered, in every server."""

    def withdraw(self, guild_id: int, user_id: int) -> Mapping[int, Set[str]]:
        """Drop the sound of somebody who is not to be heard any more in a server, and their words so far unwritten.

        What is written stays. Return the ids of the lines that were dropped, by channel: one may be on its way to the
        store.
        """
        return {}

    def clear_channel(self, channel_id: int) -> None:
        """Drop what was said in a voice channel."""

    def drop_lines(self, channel_id: int, line_ids: Set[str]) -> None:
        """Drop some lines of a voice channel."""

    def correct(self, channel_id: int, before: Message, after: Message) -> None:
        """Replace a line of a voice channel by what its speaker says they said; what rests on the old words goes."""

    async def settled(self) -> None:
        """Return when nothing that was dropped can still reach the store."""
