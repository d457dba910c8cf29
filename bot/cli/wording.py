"""How the command line counts."""


def counted(number: int, noun: str) -> str:
    """Return a number and its noun, which takes an s in the plural."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
