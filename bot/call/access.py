"""Who may use the bot in a server. Open by default: a use that nobody is listed for is everyone's. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal, Self, get_args

from bot.types import Standing

Use = Literal["call", "answer", "spend"]
"""call: bring it into a channel; answer: be heard and answered; spend: cause what costs money."""
USES: tuple[Use, ...] = get_args(Use)
USES_BY_NAME: Mapping[str, Use] = {use: use for use in USES}
MAX_LISTED = 25
"""Roles and people of one use."""
MAX_SHOWN = 5
IN_A_CALL: tuple[Use, ...] = ("answer", "spend")
"""All that whoever speaks in a call needs: each answer costs money."""
_CAP_PATTERN = re.compile(r"&(\d{1,20})=(\d{1,5}(?:\.\d{1,6})?)", re.ASCII)
_ENTRY_PATTERN = re.compile(r"&?\d{1,20}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Access:
    """Who may do what. Managers always may."""

    listed: Mapping[Use, tuple[str, ...]] = field(default_factory=dict[Use, tuple[str, ...]])
    "use -> ids (Discord snowflakes); & before a role's. A use without an entry is open"
    caps: Mapping[int, Decimal] = field(default_factory=dict[int, Decimal])
    "role -> US dollars that each person with it may spend a UTC day; 0: no cap"

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what `write` wrote. Raises ValueError."""
        listed: dict[Use, tuple[str, ...]] = {}
        caps: dict[int, Decimal] = {}
        for part in filter(None, text.split(";")):
            name, _, entries = part.partition("=")
            if match := _CAP_PATTERN.fullmatch(part):
                caps[int(match[1])] = Decimal(match[2])
                continue
            use = USES_BY_NAME.get(name)
            ids = tuple(entries.split(","))
            if use is None or len(ids) > MAX_LISTED or not all(map(_ENTRY_PATTERN.fullmatch, ids)):
                raise ValueError
            listed[use] = ids
        if len(caps) > MAX_LISTED:
            raise ValueError
        return cls(listed, caps)

    def write(self) -> str:
        lists = (f"{use}={','.join(self.listed[use])}" for use in USES if use in self.listed)
        return ";".join([*lists, *(f"&{role}={dollars:f}" for role, dollars in self.caps.items())])

    def permits(self, user_id: int, standing: Standing, *uses: Use) -> bool:
        """Return whether somebody may do all of these."""
        own = {str(user_id), *(f"&{role}" for role in standing.roles)}
        return standing.manager or all(use not in self.listed or own.intersection(self.listed[use]) for use in uses)

    def changed(self, use: Use, entry: str, *, listed: bool) -> Self:
        """Return it with one more or one less for a use; with the last one gone, the use is open again."""
        entries = tuple(one for one in self.listed.get(use, ()) if one != entry) + ((entry,) if listed else ())
        others = {other: ids for other, ids in self.listed.items() if other != use}
        return replace(self, listed={**others, use: entries} if entries else others)

    def capped(self, role: int, dollars: Decimal | None) -> Self:
        """Return it with a cap for a role; None: without."""
        others = {other: cap for other, cap in self.caps.items() if other != role}
        return replace(self, caps=others if dollars is None else {**others, role: dollars})

    def cap(self, roles: Iterable[int]) -> Decimal | None:
        """Return what somebody with these roles may spend a day: the highest of their caps; None: no role has one."""
        caps = [self.caps[role] for role in roles if role in self.caps]
        return None if not caps else Decimal(0) if Decimal(0) in caps else max(caps)

    def show(self, words: Callable[..., str]) -> str:
        """Return it as people read it, with mentions."""
        uses = [f"{words(f'access {use}')}: {self._show(use, words)}" for use in USES]
        caps = [words("access cap", role=f"<@&{role}>", dollars=f"${cap:.2f}") for role, cap in self.caps.items()]
        more = [words("access more", count=len(caps) - MAX_SHOWN)] if len(caps) > MAX_SHOWN else []
        return " · ".join([*uses, *caps[:MAX_SHOWN], *more])

    def _show(self, use: Use, words: Callable[..., str]) -> str:
        entries = self.listed.get(use, ())
        more = [words("access more", count=len(entries) - MAX_SHOWN)] if len(entries) > MAX_SHOWN else []
        return ", ".join([*(f"<@{entry}>" for entry in entries[:MAX_SHOWN]), *more]) or words("access everyone")
