import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter

from bot.errors import StartError
from bot.ops.http import HttpPages, serving


async def get(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, await response.text()


async def ready() -> None:
    return None


async def test_alive_at_once_and_ready_when_it_is() -> None:
    pages = HttpPages()
    async with serving("127.0.0.1", 0, pages) as port:
        assert await get(port, "/livez") == (200, "ok\n")
        assert await get(port, "/readyz") == (503, "starting\n")
        pages.unready, pages.trouble = ready, lambda: "the loop stands still"
        assert await get(port, "/readyz") == (200, "ready\n")
        assert await get(port, "/livez") == (503, "the loop stands still\n")
        assert (await get(port, "/other"))[0] == 404


async def test_a_spare_is_ready_for_who_asks_for_no_more() -> None:
    async with serving("127.0.0.1", 0, HttpPages(standby=True)) as port:
        assert await get(port, "/readyz") == (503, "starting\n")
        assert await get(port, "/readyz?spare=ok") == (200, "spare\n")


async def test_metrics_are_what_prometheus_reads() -> None:
    registry = CollectorRegistry()
    Counter("turns", "Answers given", registry=registry).inc(3)
    async with serving("127.0.0.1", 0, HttpPages(registry=registry)) as port:
        status, text = await get(port, "/metrics")
    assert status == 200
    assert "turns_total 3.0" in text


async def test_a_taken_port_is_said_plainly() -> None:
    async with serving("127.0.0.1", 0, HttpPages()) as port:
        with pytest.raises(StartError, match=str(port)) as caught:
            async with serving("127.0.0.1", port, HttpPages()):
                pass
    assert "HTTP_PORT" in caught.value.hint
