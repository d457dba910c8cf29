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
    default_hint = "Fix the settings listed above; .env.example describes each of them."

    def __init__(self, faults: list[str], *, hint: str | None = None) -> None:
        super().__init__("; ".join(faults), hint=hint)
        self.faults = faults

    @property
    def names(self) -> set[str]:
        """The settings that the faults name."""
        return {fault.replace(":", " ").split()[0].lower() for fault in self.faults}


class StartError(BotError):
    code = "start"
    default_hint = "Couldn't reach Discord. Check the network, DISCORD_API_BASE and SSL_CERT_FILE."


class LoginError(StartError):
    code = "login"
    default_hint = (
        "Discord rejected the token. Copy a new one from the developer portal (Bot → Reset Token) into DISCORD_TOKEN."
    )


class BudgetSpent(BotError):
    code = "budget_spent"
    default_hint = "Today's budget is used up. Answers resume tomorrow."


class BudgetHeld(BudgetSpent):
    """It is not used up, but requests under way, or of a process that was killed, may yet use it up."""

    code = "budget_held"
    default_hint = "Requests under way may use up today's budget. Try again in a few minutes."


class BudgetTooSmall(BudgetSpent):
    code = "budget_too_small"
    default_hint = "That may cost more than is left of today's budget."
