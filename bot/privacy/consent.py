"""Who may be heard: the rule, the sentences that tell it, and the note of each decision in the store."""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

import structlog

from bot.errors import StoreError
from bot.ports import Store
from bot.store.outbox import Outbox

log = structlog.get_logger(__name__)

ConsentMode = Literal["opt-in", "notice"]
"""opt-in: nobody is heard before they agree; notice: everybody is heard until they withdraw."""


class Consents:
    """The decisions of one server's people, as its call knows them."""

    def __init__(self, mode: Callable[[], ConsentMode], decisions: Mapping[int, bool]) -> None:
        """`decisions`: who agreed (True) or withdrew (False); who never decided is absent."""
        self._mode = mode
        self._decisions = dict(decisions)

    def decide(self, user_id: int, agreed: bool) -> None:
        self._decisions[user_id] = agreed

    def decided(self, user_id: int) -> bool | None:
        """Return what somebody decided; None: nothing yet."""
        return self._decisions.get(user_id)

    def withdrew(self, user_id: int) -> bool:
        return self._decisions.get(user_id) is False

    def may_be_heard(self, people: Iterable[int]) -> frozenset[int]:
        """Return who of these people may be heard. A decision always beats the mode."""
        undecided = self._mode() == "notice"
        return frozenset(user_id for user_id in people if self._decisions.get(user_id, undecided))


class ConsentNotes:
    """The decisions in the store, with those it could not take yet."""

    def __init__(self, store: Store, outbox: Outbox) -> None:
        self._store = store
        self._outbox = outbox

    async def load(self, guild_id: int) -> dict[int, bool]:
        """Return the decisions of a server. Raises StoreError."""
        return await self._store.consents(guild_id) | self.pending(guild_id)

    def pending(self, guild_id: int) -> dict[int, bool]:
        """Return the decisions of a server that the store does not have yet."""
        return self._outbox.pending_consents(guild_id)

    async def save(self, guild_id: int, user_id: int, agreed: bool) -> None:
        """Write a decision down, now or when the store works again."""
        try:
            await self._outbox.consent(guild_id, user_id, agreed)
        except StoreError as error:
            # The decision holds anyway: a full disk must not keep anyone heard who withdrew.
            log.warning("consent_not_kept", guild=guild_id, reason=str(error))


def notice_code(mode: ConsentMode) -> str:
    """Return the catalogue's code of what everyone reads when a call begins."""
    return f"consent {mode}"


def newcomer_code(mode: ConsentMode, decided: bool | None) -> str:
    """Return the code of what everyone reads when somebody comes; `decided`: whether they agreed, None: neither."""
    return f"newcomer {mode}" if decided is None else "newcomer agreed" if decided else "newcomer opt-in"
