"""Discord's error responses: HTTP status, error code, message, and the faulty fields of the body.

Source: Discord's developer documentation, "Opcodes and Status Codes" and "Error Messages".
"""

from typing import Any

Json = dict[str, Any]


class RestFault(Exception):
    """A refused request, in the shape of Discord's error response."""

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    def body(self) -> Json:
        """Return the JSON of the response."""
        body: Json = {"message": self.message, "code": self.code}
        if self.errors:
            body["errors"] = self.errors
        return body


def unauthorized() -> RestFault:
    return RestFault(401, 0, "401: Unauthorized")


def no_route() -> RestFault:
    return RestFault(404, 0, "404: Not Found")


def no_method() -> RestFault:
    return RestFault(405, 0, "405: Method Not Allowed")


_UNKNOWN_CODES = {
    "Application": 10002,
    "Channel": 10003,
    "Guild": 10004,
    "Member": 10007,
    "Message": 10008,
    "Role": 10011,
    "User": 10013,
    "Webhook": 10015,
    "interaction": 10062,
    "application command": 10063,
    "Voice State": 10065,
    "Stage Instance": 10067,
}


def unknown(what: str) -> RestFault:
    """`what` as Discord spells it: "Channel", "interaction"."""
    return RestFault(404, _UNKNOWN_CODES[what], f"Unknown {what}")


def missing_access() -> RestFault:
    return RestFault(403, 50001, "Missing Access")


def missing_permissions() -> RestFault:
    return RestFault(403, 50013, "Missing Permissions")


def invalid_token() -> RestFault:
    """An interaction token that is wrong or older than 15 minutes."""
    return RestFault(401, 50027, "Invalid Webhook Token")


def acknowledged() -> RestFault:
    return RestFault(400, 40060, "Interaction has already been acknowledged.")


class Form:
    """Collects the faults of a body and raises them together as 50035."""

    def __init__(self) -> None:
        self._errors: Json = {}

    def add(self, path: str | list[str | int], code: str, message: str) -> None:
        """Add a fault at `path`: "content", or ["components", 0, "label"]."""
        place = self._errors
        for step in [path] if isinstance(path, str) else path:
            place = place.setdefault(str(step), {})
        place.setdefault("_errors", []).append({"code": code, "message": message})

    def length(self, path: str | list[str | int], value: Any, low: int, high: int) -> bool:
        """Check a string's length; return whether it passed."""
        if not isinstance(value, str):
            self.add(path, "STRING_TYPE_INVALID", "Must be string.")
        elif low and not value:
            self.add(path, "BASE_TYPE_REQUIRED", "This field is required")
        elif low <= len(value) <= high:
            return True
        elif low:
            self.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")
        else:
            self.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {high} or fewer in length.")
        return False

    def count(self, path: str | list[str | int], value: Any, low: int, high: int) -> bool:
        """Check a list's length; return whether it passed."""
        if not isinstance(value, list):
            self.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType.")
        elif low <= len(value) <= high:
            return True
        elif low:
            self.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")
        else:
            self.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {high} or fewer in length.")
        return False

    def required(self, path: str | list[str | int]) -> None:
        self.add(path, "BASE_TYPE_REQUIRED", "This field is required")

    def choice(self, path: str | list[str | int], choices: tuple[int, ...]) -> None:
        allowed = ", ".join(map(str, choices)) + ("," if len(choices) == 1 else "")
        self.add(path, "BASE_TYPE_CHOICES", f"Value must be one of ({allowed}).")

    def check(self) -> None:
        """Raise RestFault 50035 if there are faults."""
        if self._errors:
            raise RestFault(400, 50035, "Invalid Form Body", self._errors)
