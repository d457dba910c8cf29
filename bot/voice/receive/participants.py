"""Who is in the voice channel, and whom the bot may hear."""


class Participants:
    """People only, by user id; bots do not count."""

    def __init__(self) -> None:
        self.members: frozenset[int] | None = None
        "who is in the channel; None: nobody has said yet"
        self.admitted: frozenset[int] = frozenset()
        "whom the bot may hear, in the channel or not"

    @property
    def present(self) -> frozenset[int]:
        """Everybody in the channel, as far as known."""
        return self.admitted if self.members is None else self.members

    @property
    def audible(self) -> frozenset[int]:
        """Those in the channel whom the bot may hear."""
        return self.admitted if self.members is None else self.admitted & self.members

    @property
    def unheard(self) -> frozenset[int]:
        """Those in the channel whom the bot may not hear."""
        return frozenset() if self.members is None else self.members - self.admitted
