"""Posted minutes on disk: what no key opens any more goes, too."""

import base64
import errno
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.jobs.job_folder import JobFolder
from bot.jobs.minutes.minutes import Minutes
from bot.jobs.minutes.posted import KEPT_MINUTES_DAYS, KeptMinutes, PostedMinutes
from bot.jobs.minutes.talk import numbered
from bot.store.seal import Seal
from bot.types import Message

KEY, OTHER = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))


async def test_damaged_files_go_at_once_and_those_of_a_lost_key_in_time(tmp_path: Path) -> None:
    talk = numbered([Message("user", 1, "Anna", "words", datetime.now(UTC))], UTC)
    kept = KeptMinutes(JobFolder(tmp_path, Seal.of(KEY)))
    for number in (1, 2):
        until = time.time() + 99
        await kept.keep(PostedMinutes(Minutes(tuple(talk), (), 0), 5, 7, 7, number, "en", "", until, id=str(number)))
    damaged, whole = tmp_path / "minutes-1.json", tmp_path / "minutes-2.json"
    data = bytearray(damaged.read_bytes())
    data[-1] ^= 1
    damaged.write_bytes(data)
    await KeptMinutes(JobFolder(tmp_path, Seal.of(OTHER))).tidy()
    assert whole.exists(), "its key may come back"
    await kept.tidy()
    assert not damaged.exists()
    assert whole.exists()
    long_ago = time.time() - (KEPT_MINUTES_DAYS + 1) * 86_400
    os.utime(whole, (long_ago, long_ago))
    await KeptMinutes(JobFolder(tmp_path, Seal.of(OTHER))).tidy()
    assert not whole.exists()


@pytest.mark.parametrize("failures", [1, 99], ids=["there is room then", "there is none at all"])
async def test_on_a_full_disk_what_is_due_goes_and_the_post_changes(
    failures: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = numbered([Message("user", who, "Anna", "words", datetime.now(UTC)) for who in (1, 2)], UTC)
    reposted: list[PostedMinutes] = []

    async def repost(posted: PostedMinutes) -> bool:
        reposted.append(posted)
        return True

    kept = KeptMinutes(JobFolder(tmp_path), repost)
    await kept.keep(PostedMinutes(Minutes(tuple(talk), (), 0), 5, 7, 7, 1, "en", "", time.time() + 99, id="1"))
    (file,), tries, replace = tmp_path.iterdir(), list[int](), os.replace

    def fill(source: Path, target: Path) -> None:
        tries.append(1)
        if len(tries) <= failures:
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", fill)
    kept.forget_person(1)
    await kept.settled()
    assert [line.speaker_id for line in reposted[0].minutes.lines] == [2]
    assert list(tmp_path.iterdir()) == ([file] if failures == 1 else [])
