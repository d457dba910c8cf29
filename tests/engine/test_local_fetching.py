"""Models from a loopback hub: whole, resumed, cut off, changed, refused, and onto a full disk."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer

from bot.engine.local.fetching import fetch
from bot.engine.local.models import LocalModel, LocalPart
from bot.errors import BotError, ConfigError, Incomplete, Unreachable

VOICE = "vits-piper-xx-small"
FILES = {"model.onnx": bytes(range(256)) * 4000, "tokens.txt": b"a 1\n", "espeak-ng-data/lang/xx": b"name X\n"}


@dataclass
class Hub:
    """Lists and serves files as the hub does; the fields say what goes wrong."""

    cuts: int = 0
    "how many answers end in the middle of the model"
    changed: bool = False
    ranges: bool = True
    listing: object = None
    status: int = 200
    asked: list[str] = field(default_factory=list)
    "the ranges that were asked for"
    server: BaseTestServer | None = None

    @property
    def url(self) -> str:
        assert self.server is not None
        return str(self.server.make_url("")).rstrip("/")

    async def tree(self, request: web.Request) -> web.Response:
        if self.status != 200:
            return web.json_response({"error": "no"}, status=self.status)
        entries: list[dict[str, object]] = [{"type": "directory", "path": "espeak-ng-data", "oid": "", "size": 0}]
        for path, content in FILES.items():
            git = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
            entry: dict[str, object] = {"type": "file", "path": path, "size": len(content), "oid": git}
            if path.endswith(".onnx"):
                entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}
            entries.append(entry)
        if self.listing is not None:
            return web.json_response(self.listing)
        page = int(request.query.get("page", 0))
        further = {"Link": f'<{request.url.update_query(page=1)}>; rel="next"'} if not page else {}
        return web.json_response(entries[2:] if page else entries[:2], headers=further)

    async def file(self, request: web.Request) -> web.StreamResponse:
        content = FILES[request.match_info["path"]]
        if self.changed:
            content = content[:-1] + b"!"
        began = 0
        if asked := request.headers.get("Range"):
            self.asked.append(asked)
            began = int(asked.removeprefix("bytes=").rstrip("-")) if self.ranges else 0
        answer = web.StreamResponse(status=206 if began else 200)
        answer.content_length = len(content) - began
        await answer.prepare(request)
        if self.cuts and request.match_info["path"] == "model.onnx":
            self.cuts -= 1
            await answer.write(content[began : began + 300_000])
            assert request.transport is not None
            request.transport.close()
            return answer
        await answer.write(content[began:])
        return answer


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    hub = Hub()
    app = web.Application()
    app.router.add_get(f"/api/models/csukuangfj/{VOICE}/tree/main", hub.tree)
    app.router.add_get(f"/csukuangfj/{VOICE}/resolve/main/{{path:.+}}", hub.file)
    async with TestServer(app) as hub.server:
        yield hub


@pytest.fixture
def model(tmp_path: Path) -> LocalModel:
    return LocalModel(LocalPart.VOICE, VOICE, tmp_path / "models" / VOICE)


def arrived(model: LocalModel) -> dict[str, bytes]:
    found = (path for path in model.folder.rglob("*") if path.is_file())
    return {path.relative_to(model.folder).as_posix(): path.read_bytes() for path in found}


@pytest.mark.parametrize("ranges", [True, False])
async def test_a_model_arrives_whole_though_the_line_breaks(hub: Hub, model: LocalModel, ranges: bool) -> None:
    hub.cuts, hub.ranges = 1, ranges
    steps: list[tuple[int, int]] = []
    await fetch(model, lambda done, total: steps.append((done, total)), hub.url)
    assert arrived(model) == FILES
    assert model.complete
    size = sum(map(len, FILES.values()))
    assert steps[-1] == (size, size)
    assert len(hub.asked) == 1 and hub.asked[0] != "bytes=0-"
    assert [path.name for path in model.folder.parent.iterdir()] == [VOICE]


async def test_a_second_run_goes_on_where_the_first_gave_up(hub: Hub, model: LocalModel) -> None:
    hub.cuts = 3
    with pytest.raises(Unreachable) as raised:
        await fetch(model, lambda *_: None, hub.url)
    assert "models` again" in raised.value.hint
    assert not model.folder.exists()
    hub.asked.clear()
    await fetch(model, lambda *_: None, hub.url)
    assert arrived(model) == FILES
    assert int(hub.asked[0].removeprefix("bytes=").rstrip("-")) >= 300_000


async def test_what_was_changed_is_not_kept(hub: Hub, model: LocalModel) -> None:
    hub.changed = True
    with pytest.raises(Incomplete, match=r"model\.onnx: its sha256 is wrong"):
        await fetch(model, lambda *_: None, hub.url)
    assert not model.folder.exists()


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ({"status": 404}, ConfigError, "has no voice"),
        ({"status": 503}, Unreachable, "HTTP 503 from 127.0.0.1"),
        ({"listing": {"error": "a page"}}, Unreachable, "list is none"),
        ({"listing": []}, Unreachable, "0 files"),
        ({"listing": [{"type": "file", "path": "../evil", "size": 1, "oid": "0"}]}, Unreachable, "leads out"),
        ({"listing": [{"type": "file", "path": "/etc/x", "size": 1, "oid": "0"}]}, Unreachable, "leads out"),
        ({"listing": [{"type": "file", "path": "x", "size": 1 << 40, "oid": "0"}]}, Unreachable, "larger"),
    ],
)
async def test_a_hub_that_has_it_not(
    hub: Hub, model: LocalModel, fault: dict[str, object], kind: type[BotError], words: str
) -> None:
    for name, value in fault.items():
        setattr(hub, name, value)
    with pytest.raises(kind, match=words):
        await fetch(model, lambda *_: None, hub.url)
    assert not model.folder.exists()


async def test_no_hub_and_no_room(hub: Hub, model: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unreachable, match="ClientConnector"):
        await fetch(model, lambda *_: None, "http://127.0.0.1:9")
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(ConfigError, match="LOCAL_MODELS_DIR: 1 MB are needed"):
        await fetch(model, lambda *_: None, hub.url)
    model.folder.parent.rename(model.folder.parent.with_name("elsewhere"))
    model.folder.parent.write_bytes(b"a file")
    with pytest.raises(ConfigError, match="cannot be written"):
        await fetch(model, lambda *_: None, hub.url)
