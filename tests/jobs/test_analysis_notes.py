"""Notes on a failed analysis: in memory for a limited time, on disk only for their user."""

import os
from pathlib import Path

import pytest

from bot.jobs.analysis_notes import (
    MAX_KEPT_CHARACTERS,
    NOTES_LIFETIME_SECONDS,
    NOTES_ON_DISK_LIFETIME_SECONDS,
    AnalysisNotes,
    AnalysisNotesOnDisk,
    request_key,
)
from bot.jobs.job_folder import JobFolder


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


def test_notes_in_memory_are_limited_in_size() -> None:
    kept = AnalysisNotes()
    kept.begin("running")
    for number in range(100):
        kept.begin(str(number))
        kept.write(str(number), [f"note {number}"])
    assert kept.read("0") == ["note 0"], "their number is no limit"
    kept.write("99", ["x" * (MAX_KEPT_CHARACTERS - 14)])
    assert [kept.read(key) for key in ("0", "1", "96", "97", "98")] == [[], [], [], ["note 97"], ["note 98"]]
    kept.write("running", ["note"])
    assert kept.read("running") == ["note"], "one that has only begun is not driven out"


def test_notes_in_memory_are_limited_in_age() -> None:
    now = 0.0
    kept = AnalysisNotes(lambda: now)
    for key in ("2", "3"):
        kept.begin(key)
        kept.write(key, ["note"])
    now = NOTES_LIFETIME_SECONDS - 1
    kept.write("2", ["note", "more"])
    now = NOTES_LIFETIME_SECONDS + 1
    assert kept.begin("3") == []
    assert kept.begin("2") == ["note", "more"]
    kept.drop("2")
    assert kept.begin("2") == []


@pytest.mark.parametrize("forgotten", [1, 2])
def test_an_analysis_that_still_runs_writes_nothing_of_somebody_forgotten(forgotten: int) -> None:
    kept = AnalysisNotes()
    kept.begin("key", {1, 2})
    kept.begin("other", {3})
    kept.write("key", ["a note"])
    kept.forget_person(forgotten)
    kept.write("key", ["a note", "more"])
    kept.write("other", ["a note"])
    assert kept.begin("key", {1, 2}) == []
    assert kept.begin("other", {3}) == ["a note"]


def test_an_analysis_on_disk_writes_nothing_more_once_its_notes_were_forgotten(tmp_path: Path) -> None:
    kept = AnalysisNotesOnDisk(JobFolder(tmp_path))
    kept.write("key", ["a note"])
    AnalysisNotesOnDisk(JobFolder(tmp_path)).forget_person(1)
    kept.write("key", ["a note", "more"])
    assert not list(tmp_path.iterdir())


def test_notes_on_disk_are_for_their_user_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)  # as the folder of a podcast does
    kept = AnalysisNotesOnDisk(JobFolder(tmp_path))
    kept.write("old", ["a note"])
    (old,) = tmp_path.iterdir()
    os.utime(old, (0, old.stat().st_mtime - NOTES_ON_DISK_LIFETIME_SECONDS - 60))
    kept.write("new", ["a note"])
    kept.write("new", ["a note", "一"])
    (new,) = tmp_path.iterdir()
    assert new.stat().st_mode & 0o777 == 0o600
    assert kept.begin("new") == ["a note", "一"]
    assert kept.begin("old") == []
    new.write_text("{broken")
    assert kept.begin("new") == []
    kept.drop("new")
    assert not list(tmp_path.iterdir())


def test_a_disk_that_takes_no_notes_ends_no_analysis(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    kept = AnalysisNotesOnDisk(JobFolder(tmp_path / "file"))
    kept.write("key", ["a note"])
    assert kept.begin("key") == []
