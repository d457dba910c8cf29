"""Shows the largest files and classes of bot/: `python -m tests.sizes`. Exit code 1 when one is over its limit."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
MAX_FILE_LINES = 300
MAX_CLASS_LINES = 200
MAX_ROOT_FILES = 7
"""Files directly in bot/: whoever lists the folder sees the rooms, not the furniture."""
SHOWN = 5


def paths(package: str) -> list[Path]:
    """Return every file of a package; migrations are history and stay out."""
    return sorted(path for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts)


def sources(package: str) -> Iterator[tuple[str, ast.Module]]:
    """Yield the path and the syntax tree of every file of a package."""
    for path in paths(package):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def files() -> list[tuple[int, str]]:
    """Return lines and path of every file of bot/, the longest first."""
    lengths = ((len(path.read_text(encoding="utf-8").splitlines()), path) for path in paths("bot"))
    return sorted(((length, path.relative_to(ROOT).as_posix()) for length, path in lengths), reverse=True)


def classes() -> list[tuple[int, str]]:
    """Return lines and name of every class of bot/, the longest first."""
    return sorted(
        (
            ((node.end_lineno or node.lineno) - node.lineno + 1, f"{path}: {node.name}")
            for path, tree in sources("bot")
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef)
        ),
        reverse=True,
    )


def root_files() -> list[str]:
    """Return the files directly in bot/."""
    return sorted(path.name for path in (ROOT / "bot").glob("*.py"))


def too_large() -> list[str]:
    """Return what is over its limit, as sentences."""
    faults = [
        f"{name} has {lines} lines, {limit} allowed"
        for rows, limit in ((files(), MAX_FILE_LINES), (classes(), MAX_CLASS_LINES))
        for lines, name in rows
        if lines > limit
    ]
    if len(root_files()) > MAX_ROOT_FILES:
        faults.append(f"bot/ has {len(root_files())} files, {MAX_ROOT_FILES} allowed: {', '.join(root_files())}")
    return faults


def main() -> int:
    for title, rows in (("longest files", files()), ("longest classes", classes())):
        print(f"{title}:")
        print("\n".join(f"{lines:5}  {name}" for lines, name in rows[:SHOWN]))
    faults = too_large()
    print("\n".join(faults) or "all within their limits")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
