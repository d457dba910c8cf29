"""Notes on what failed: for a while in memory, on disk for its user alone."""

import os
from pathlib import Path

from bot.jobs.analysis_notes import (
    MAX_KEPT_ANALYSES,
    NOTES_LIFETIME_SECONDS,
    NOTES_ON_DISK_LIFETIME_SECONDS,
    AnalysisNotes,
    AnalysisNotesOnDisk,
    request_key,
)


def test_a_wish_is_the_same_only_for_the_same_person_recording_and_question(tmp_path: Path) -> None:
    file = tmp_path / "a.ogg"
    file.write_bytes(b"sound")
    assert request_key(b"sound", "why", 1) == request_key(file, "why", 1)
    assert (
        len(
            {
                request_key(b"sound", "why", 1),
                request_key(b"other", "why", 1),
                request_key(b"sound", "", 1),
                request_key(b"sound", "why", 2),
            }
        )
        == 4
    )


def test_notes_in_memory_are_few_and_not_old() -> None:
    now = 0.0
    notebook = AnalysisNotes(lambda: now)
    for number in range(MAX_KEPT_ANALYSES + 1):
        notebook.write(str(number), [f"note {number}"])
    assert notebook.read("0") == []
    assert notebook.read("1") == ["note 1"]
    now = NOTES_LIFETIME_SECONDS - 1
    notebook.write("1", ["note 1", "more"])
    now = NOTES_LIFETIME_SECONDS + 1
    assert notebook.read("2") == []
    assert notebook.read("1") == ["note 1", "more"]
    notebook.drop("1")
    assert notebook.read("1") == []


def test_notes_on_disk_are_for_their_user_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)  # as a podcast's folder beside them leaves it
    notebook = AnalysisNotesOnDisk(tmp_path)
    notebook.write("old", ["a note"])
    (old,) = tmp_path.iterdir()
    os.utime(old, (0, old.stat().st_mtime - NOTES_ON_DISK_LIFETIME_SECONDS - 60))
    notebook.write("new", ["a note", "一"])
    (new,) = tmp_path.iterdir()
    assert new.stat().st_mode & 0o777 == 0o600
    assert notebook.read("new") == ["a note", "一"]
    assert notebook.read("old") == []
    new.write_text("{broken")
    assert notebook.read("new") == []
    notebook.drop("new")
    assert not list(tmp_path.iterdir())
