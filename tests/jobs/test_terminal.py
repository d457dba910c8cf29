"""What a job made is shown and written; nothing that is paid is lost where that fails."""

import errno
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer

from bot.errors import JobError
from bot.jobs.offline import Done
from bot.jobs.terminal import Terminal


def done(path: Path, released: list[bool]) -> Done:
    return Done("the answer", {path: b"sound"}, Decimal("0.5"), release=lambda: released.append(True))


def test_it_is_printed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    released = list[bool]()
    Terminal().show(done(tmp_path / "new" / "a.ogg", released))
    told = capsys.readouterr()
    assert told.out == "the answer\n"
    assert f"written: {tmp_path}/new/a.ogg" in told.err
    assert "cost: $0.5000" in told.err
    assert (tmp_path / "new" / "a.ogg").read_bytes() == b"sound"
    assert released == [True]


@pytest.mark.parametrize("full", [False, True], ids=["other places take it", "none does"])
def test_what_cannot_be_written_is_printed_and_put_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, full: bool
) -> None:
    (tmp_path / "file").write_text("where a folder is wanted")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file" if full else tmp_path))
    released = list[bool]()
    with pytest.raises(JobError) as raised:
        Terminal().show(done(tmp_path / "file" / "a.ogg", released))
    told = capsys.readouterr()
    assert told.out == "the answer\n"
    assert "cost: $0.5000" in told.err
    assert f"{tmp_path}/file/a.ogg can't be written (" in raised.value.hint
    kept = [path.read_bytes() for path in tmp_path.glob("kikite-*/a.ogg")]
    assert (kept, released) == (([], []) if full else ([b"sound"], [True]))


@pytest.mark.parametrize("begun", [True, False], ids=["full", "not to be opened"])
def test_a_part_of_a_file_does_not_pass_for_the_whole_and_one_that_is_refused_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: bool
) -> None:
    out = tmp_path / "a.ogg"
    out.write_bytes(b"older")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    opened = Path.open

    def refuse(path: Path, mode: str = "r", *options: Any) -> Any:
        if path != out or mode != "wb":
            return opened(path, mode, *options)
        if not begun:
            raise PermissionError(errno.EACCES, "Permission denied")
        return Full()

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        with pytest.raises(JobError, match="in its place"):
            Terminal().show(done(out, []))
    assert out.exists() is not begun
    assert [path.read_bytes() for path in tmp_path.glob("kikite-*/a.ogg")] == [b"sound"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EPIPE])
def test_files_are_written_where_nothing_can_be_printed(
    number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: str) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(typer, "echo", refuse)
    with pytest.raises(BrokenPipeError if number == errno.EPIPE else JobError):
        Terminal().show(done(tmp_path / "a.ogg", []))
    assert (tmp_path / "a.ogg").read_bytes() == b"sound"
    assert ("the answer" in capsys.readouterr().err) is (number == errno.ENOSPC)
