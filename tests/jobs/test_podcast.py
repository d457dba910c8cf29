"""A long text becomes a complete podcast, level and in order, and no part is made or paid for twice."""

import asyncio
import base64
import errno
import os
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest

from bot.audio import SPEAK_RATE
from bot.errors import Damaged, JobError, OutOfCredit, PartFailed
from bot.files.documents.formats import read
from bot.jobs import podcast, podcast_folder
from bot.jobs import programme as joining
from bot.jobs.job_folder import JobFolder
from bot.jobs.loudness import measure
from bot.store.seal import Seal
from sandbox import clips
from sandbox.model.behaviour import Refuse, Speak
from sandbox.model.log import ReceivedRequest
from sandbox.model.server import ModelServer
from tests.files.sounds import to_pcm
from tests.jobs.conftest import TEXT_MODEL, JobSetup, opened, podcasting, speech

BROKEN = Refuse(500, "oops", "server_error")
PARAGRAPH = "The moon goes round the earth once in twenty-seven days, and always shows it the same face. " * 8


def text(length: int) -> str:
    return ("# About the moon\n\n" + (PARAGRAPH + "\n\n") * (length // len(PARAGRAPH) + 1))[:length]


def folder_for(
    job_setup: JobSetup, length: int = 14_000, container: str = "ogg", limit: int = 10_000_000
) -> podcast_folder.PodcastFolder:
    document = read(text(length).encode())
    return podcast_folder.PodcastFolder(
        job_setup.jobs.folder, podcast.plan(document, "en", ["marin", "cedar"], container, limit)
    )


async def made(job_setup: JobSetup, folder: podcast_folder.PodcastFolder) -> podcast.Podcast:
    async with job_setup.jobs.bill(1, 2, 3) as bill:
        return await podcast.Podcaster(folder, job_setup.studio, bill).make()


def spoken(job_setup: JobSetup) -> list[ReceivedRequest]:
    return [request for request in job_setup.model.chats if request.body.get("modalities") == ["text", "audio"]]


async def test_a_podcast_with_its_summary(job_setup: JobSetup) -> None:
    job_setup.model.default = podcasting
    folder = folder_for(job_setup)
    steps: list[podcast.State] = []
    async with job_setup.jobs.bill(1, 2, 3) as bill:
        result = await podcast.Podcaster(folder, job_setup.studio, bill).make(steps.append)
        assert bill.cost
    (file,) = result.programme.files
    pcm = to_pcm(file.data, SPEAK_RATE, 600)
    assert abs(measure([pcm], SPEAK_RATE) - -16) < 1
    assert abs(len(pcm) / 48_000 - result.programme.seconds) < 0.1
    with av.open(BytesIO(file.data)) as opened_file:
        assert len(opened_file.chapters()) == 3
    summary = result.summary.data.decode()
    assert summary.startswith("# About the moon\n")
    assert "- 0:00 A chapter" in summary
    assert summary.count("## In short") >= 3
    voices = [request.body["audio"]["voice"] for request in spoken(job_setup)]
    assert sorted(voices) == ["cedar"] * 3 + ["marin"] * 6
    complete = [step.step for step in steps if step.done == step.parts]
    assert list(dict.fromkeys(complete)) == ["script", "voices", "joining"]
    assert not job_setup.model.refused


@pytest.mark.parametrize("text_model", [None, TEXT_MODEL])
async def test_the_text_model_writes_the_script_if_there_is_one(tmp_path: Path, text_model: str | None) -> None:
    async with ModelServer.open(first_audio=0, speed=0) as model, opened(model, tmp_path, text_model) as job_setup:
        model.default = podcasting
        await made(job_setup, folder_for(job_setup, 3000))
        models = {request.body["model"] for request in model.chats if request not in spoken(job_setup)}
        assert models == {text_model or "gpt-audio-1.5"}
        assert not model.refused


async def test_failing_parts_are_tried_again(job_setup: JobSetup) -> None:
    failures = {0: 1, 2: 1, 5: 1}

    def sometimes(request: ReceivedRequest) -> Speak | Refuse:
        number = len(spoken(job_setup)) - 1
        if request.body.get("modalities") == ["text", "audio"] and failures.pop(number, 0):
            return BROKEN
        return podcasting(request)

    job_setup.model.default = sometimes
    result = await made(job_setup, folder_for(job_setup))
    assert not failures
    assert result.programme.seconds > 10


async def test_a_part_that_fails_for_good_is_named_and_the_others_kept(job_setup: JobSetup) -> None:
    def never(request: ReceivedRequest) -> Speak | Refuse:
        said = str(request.body["messages"][1]["content"])
        if request.body.get("modalities") == ["text", "audio"] and "what does it mean" in said:
            return BROKEN
        return podcasting(request)

    job_setup.model.default = never
    folder = folder_for(job_setup, 3000)
    with pytest.raises(PartFailed) as failed:
        await made(job_setup, folder)
    assert (failed.value.step, failed.value.part, failed.value.parts) == ("voices", 2, 3)
    assert failed.value.hint.startswith("Part 2 of 3 of the audio failed. Finished parts are kept")
    assert folder.done() >= 1
    before = len(job_setup.model.chats)
    job_setup.model.default = podcasting
    (again,) = on_disk(job_setup)
    await made(job_setup, again)
    assert len(job_setup.model.chats) - before == 3 - 2


async def test_a_full_disk_is_said_so(job_setup: JobSetup, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    job_setup.model.default = podcasting
    monkeypatch.setattr(podcast_folder.PodcastFolder, "save", refuse)
    with pytest.raises(JobError) as failed:
        await made(job_setup, folder_for(job_setup, 3000))
    assert failed.value.hint == "The finished parts can't be kept on the disk (No space left on device)."


def on_disk(job_setup: JobSetup) -> list[podcast_folder.PodcastFolder]:
    return list(podcast_folder.unfinished(job_setup.jobs.folder))


async def test_with_a_key_no_word_of_it_lies_open_and_it_goes_on_all_the_same(job_setup: JobSetup) -> None:
    key = base64.b64encode(bytes(32)).decode()
    job_setup.jobs = replace(job_setup.jobs, folder=JobFolder(job_setup.jobs.folder.path, Seal.of(key)))

    def never(request: ReceivedRequest) -> Speak | Refuse:
        said = str(request.body["messages"][1]["content"])
        aloud = request.body.get("modalities") == ["text", "audio"]
        return BROKEN if aloud and "what does it mean" in said else podcasting(request)

    job_setup.model.default = never
    folder = folder_for(job_setup, 3000)
    with pytest.raises(PartFailed):
        await made(job_setup, folder)
    folder.plan.paused = True
    folder.save()
    files = [path for path in folder.path.parent.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".json", ".pcm"}
    for path in files:
        data = path.read_bytes()
        assert b"moon" not in data.lower(), path.name
        assert path.stat().st_mode & 0o777 == 0o600
        assert len(set(data)) > 200 or len(data) < 2000, "sound is sealed, too"
    assert folder.path.stat().st_mode & 0o777 == 0o700
    job_setup.model.default = podcasting
    (again,) = on_disk(job_setup)
    assert again.plan == folder.plan
    assert (await made(job_setup, again)).programme.files
    assert {path.suffix for path in folder.path.rglob("*")} == {".json", ".pcm"}, "not when it is finished, either"
    wrong = JobFolder(folder.path.parent, Seal.of(base64.b64encode(bytes(31) + b"x").decode()))
    assert list(podcast_folder.unfinished(wrong)) == []
    assert folder.path.exists(), "it opens again when the key is back"


def test_a_damaged_plan_is_deleted_and_a_damaged_part_is_made_again(job_setup: JobSetup) -> None:
    sealed = JobFolder(job_setup.jobs.folder.path, Seal.of(base64.b64encode(bytes(32)).decode()))
    job_setup.jobs = replace(job_setup.jobs, folder=sealed)
    folder = folder_for(job_setup, 3_000)
    folder.save()
    folder.put(0, bytes(4800))
    folder.put(1, bytes(4800))
    (folder.path / "0000.pcm").write_bytes((folder.path / "0001.pcm").read_bytes())  # another part's place
    with pytest.raises(Damaged):
        folder.read(0)
    assert [folder.has(number) for number in range(2)] == [False, True]
    (folder.path / "plan.json").write_bytes((folder.path / "plan.json").read_bytes()[:-1])
    assert on_disk(job_setup) == []
    assert not folder.path.exists()


def test_an_abandoned_podcast_is_deleted(job_setup: JobSetup) -> None:
    old, new = folder_for(job_setup, 3_000), folder_for(job_setup, 4_000)
    for folder in (old, new):
        folder.save()
    os.utime(old.path / "plan.json", (0, 0))
    podcast_folder.prune(job_setup.jobs.folder)
    assert not old.path.exists()
    assert new.path.exists()


def test_nothing_stays_of_what_a_kill_left_half_made(job_setup: JobSetup) -> None:
    folder = folder_for(job_setup, 3_000)
    folder.save()
    begun, planless = folder.path / "plan.new", folder_for(job_setup, 4_000)
    begun.touch()
    planless.put(0, b"sound")
    podcast_folder.prune(job_setup.jobs.folder)
    assert begun.exists(), "it may be being written"
    assert planless.has(0), "its plan may come"
    for path in (begun, planless.path):
        os.utime(path, (0, 0))
    podcast_folder.prune(job_setup.jobs.folder)
    assert not begun.exists()
    assert not planless.path.exists()
    assert [found.plan for found in on_disk(job_setup)] == [folder.plan]


async def test_without_credit_it_ends_at_once(job_setup: JobSetup) -> None:
    job_setup.model.default = Refuse(429, "no money", code="insufficient_quota")
    with pytest.raises(OutOfCredit):
        await made(job_setup, folder_for(job_setup))
    assert len(job_setup.model.chats) <= podcast.MAX_CONCURRENT_PARTS


async def test_a_restart_continues_from_the_finished_parts(tmp_path: Path) -> None:
    async with ModelServer.open(first_audio=0, speed=0) as model:
        model.default = podcasting
        async with opened(model, tmp_path) as job_setup:
            folder = folder_for(job_setup, 20_000)
            enough = asyncio.Event()

            def watch(state: podcast.State) -> None:
                if state.step == "voices" and state.done >= 4:
                    enough.set()

            async with job_setup.jobs.bill(1, 2, 3) as bill:
                working = asyncio.create_task(podcast.Podcaster(folder, job_setup.studio, bill).make(watch))
                await enough.wait()
                working.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await working
        before = len(model.chats)
        async with opened(model, tmp_path) as job_setup:
            (found,) = on_disk(job_setup)
            kept = found.done()  # counted only now: a thread could still write a part after the cancel
            assert 4 <= kept < 12
            result = await made(job_setup, found)
            assert len(model.chats) - before == 12 - kept
            assert len(result.programme.chapters) == 4
            found.clear()
            assert not on_disk(job_setup)


async def test_what_is_paid_is_booked_even_for_what_failed(job_setup: JobSetup) -> None:
    job_setup.model.default = podcasting
    await made(job_setup, folder_for(job_setup, 3000))
    assert job_setup.jobs.services.store
    charges = await job_setup.jobs.services.store.charges(1, job_setup.jobs.services.wall().replace(hour=0, minute=0))
    assert len(charges) == len(job_setup.model.chats)
    assert {charge.kind for charge in charges} == {"job"}


@pytest.mark.parametrize(
    ("seconds", "container", "limit", "rate", "files"),
    [
        (600, "ogg", 10_000_000, 48_000, 1),
        (2_000, "ogg", 10_000_000, 32_000, 1),
        (4_000, "ogg", 10_000_000, 16_000, 1),
        (9_000, "ogg", 10_000_000, 16_000, 2),
        (1_000, "mp3", 10_000_000, 64_000, 1),
        (4_000, "mp3", 10_000_000, 32_000, 2),
    ],
)
def test_the_bit_rate_is_the_best_that_fits(seconds: float, container: str, limit: int, rate: int, files: int) -> None:
    assert joining.fitting(seconds, container, limit) == (rate, files)


@pytest.mark.parametrize("container", ["ogg", "mp3"])
def test_files_stay_under_the_limit_and_are_split_where_they_must_be(container: str) -> None:
    parts = [speech(8, seed=number) for number in range(6)]
    programme = joining.join(parts.__getitem__, [("One", 3), ("Two", 3)], container, 100_000, "T")
    assert len(programme.files) >= 2
    assert all(len(file.data) <= 100_000 for file in programme.files)
    lengths = [len(to_pcm(file.data, SPEAK_RATE, 600)) / 48_000 for file in programme.files]
    if len(programme.files) == 2:
        assert abs(lengths[0] - programme.chapters[1].start) < 0.1, "the second begins with the second chapter"
    assert abs(sum(lengths) - programme.seconds) < 0.3


def peaky(pcm: bytes) -> bytes:
    """Return speech with higher peaks above its loudness, as synthetic voices have."""
    samples = np.frombuffer(pcm, "<i2") / 32768
    raised = np.sign(samples) * np.abs(samples) ** 1.5
    return (raised / np.abs(raised).max() * 20_000).astype("<i2").tobytes()


@pytest.mark.parametrize(("container", "bit_rate"), [("ogg", 16_000), ("ogg", 24_000), ("mp3", 32_000)])
def test_at_any_bit_rate_it_is_as_loud_as_wanted_and_no_true_peak_is_above_the_ceiling(
    monkeypatch: pytest.MonkeyPatch, container: str, bit_rate: int
) -> None:
    """Codecs overshoot and lose high sounds, the more the fewer bits they have."""
    monkeypatch.setitem(joining.BIT_RATES, container, (bit_rate,))
    parts = [peaky(clips.load(name, SPEAK_RATE)) for name in ("ben-story", "yuki-film")]
    programme = joining.join(parts.__getitem__, [("One", 2)], container, 10_000_000, "T")
    pcm = to_pcm(programme.files[0].data, 96_000)
    assert np.abs(np.frombuffer(pcm, "<i2").astype(int)).max() < 32768 * 10 ** (-0.9 / 20)
    assert abs(measure([to_pcm(programme.files[0].data, SPEAK_RATE)], SPEAK_RATE) + 16) < 0.9


def test_voices_are_equally_loud_and_joined_without_clicks() -> None:
    # Tones that begin and end at their peak: without a fade, each edge would be a step of the whole amplitude.
    wave = np.cos(2 * np.pi * 200 * np.arange(6 * SPEAK_RATE) / SPEAK_RATE)
    parts = [(wave * level).astype("<i2").tobytes() for level in (700, 9_000, 2_000)]
    programme = joining.join(parts.__getitem__, [("One", 2), ("Two", 1)], "ogg", 10_000_000, "T")
    pcm = to_pcm(programme.files[0].data, SPEAK_RATE)
    assert abs(measure([pcm], SPEAK_RATE) - -16) < 0.5
    samples = np.frombuffer(pcm, "<i2").astype(float)
    inside = [samples[int(at * SPEAK_RATE) : int((at + 4) * SPEAK_RATE)] for at in (1, 7.5, 14.5)]
    levels = [measure([tone.astype("<i2").tobytes()], SPEAK_RATE) for tone in inside]
    assert max(levels) - min(levels) < 1
    steepest = max(np.abs(np.diff(tone)).max() for tone in inside)
    assert np.abs(np.diff(samples)).max() < 1.5 * steepest
    assert steepest < 0.1 * np.abs(samples).max()  # so that an edge would show


def test_a_podcast_is_estimated_before_it_is_made(job_setup: JobSetup) -> None:
    document = read(text(100_000).encode())
    wanted = podcast.plan(document, "", ["marin"], "ogg", 10_000_000)
    usage = podcast.estimate(job_setup.studio, wanted)
    cost = sum(job_setup.budget.price(model, item) or Decimal(0) for model, item in usage.items())
    assert Decimal(1) < cost < Decimal(5)
