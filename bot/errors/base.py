"""The root of the errors, and the process and its budget."""

from typing import ClassVar


class BotError(Exception):
    """The root. `str(error)` is for the log, `hint` is for the person who meets it."""

    code: ClassVar[str] = "internal"
    default_hint: ClassVar[str] = "Something went wrong on my side."

    def __init__(self, detail: str = "", *, hint: str | None = None) -> None:
        super().__init__(detail or self.default_hint)
        self.hint = hint or self.default_hint


class ConfigError(BotError):
    """Settings that cannot be used; `faults` names each, without its value."""

    code = "config"
    default_hint = "Mend the settings named above; .env.example describes each."

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class StartError(BotError):
    code = "start"
    default_hint = "Discord could not be reached. Check the network and DISCORD_API_BASE."


class LoginError(StartError):
    code = "login"
    default_hint = "Discord refused the token. Copy a new one from the developer portal into DISCORD_TOKEN."


class BudgetSpent(BotError):
    code = "budget_spent"
    default_hint = "Today's budget is spent. Answers come back tomorrow."
