"""Notes on a failed analysis: in memory for a limited time, on disk only for their user."""

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


def test_a_key_is_the_same_only_for_the_same_person_recording_and_question() -> None:
    assert request_key(b"sound", "why", 1) == request_key(b"sound", "why", 1)
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


def test_notes_in_memory_are_limited_in_number_and_age() -> None:
    now = 0.0
    kept = AnalysisNotes(lambda: now)
    for number in range(MAX_KEPT_ANALYSES + 1):
        kept.write(str(number), [f"note {number}"])
    assert kept.read("0") == []
    assert kept.read("1") == ["note 1"]
    now = NOTES_LIFETIME_SECONDS - 1
    kept.write("1", ["note 1", "more"])
    now = NOTES_LIFETIME_SECONDS + 1
    assert kept.read("2") == []
    assert kept.read("1") == ["note 1", "more"]
    kept.drop("1")
    assert kept.read("1") == []


def test_notes_on_disk_are_for_their_user_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)  # as the folder of a podcast does
    kept = AnalysisNotesOnDisk(tmp_path)
    kept.write("old", ["a note"])
    (old,) = tmp_path.iterdir()
    os.utime(old, (0, old.stat().st_mtime - NOTES_ON_DISK_LIFETIME_SECONDS - 60))
    kept.write("new", ["a note", "一"])
    (new,) = tmp_path.iterdir()
    assert new.stat().st_mode & 0o777 == 0o600
    assert kept.read("new") == ["a note", "一"]
    assert kept.read("old") == []
    new.write_text("{broken")
    assert kept.read("new") == []
    kept.drop("new")
    assert not list(tmp_path.iterdir())
