"""What people sent is translated, without the margin in which it is asked about."""

from types import SimpleNamespace
from typing import Any, cast

from bot.engine.quoting import in_margin
from bot.jobs.translate import translate


async def test_a_model_that_copies_the_margin_is_understood() -> None:
    class Copying:
        async def write(self, system: str, text: str, spent: object, *, most_tokens: int) -> SimpleNamespace:
            assert text == in_margin("hello\nyou")
            return SimpleNamespace(text=in_margin("hola\ntú"))

    bill: Any = SimpleNamespace(spend=None)
    assert await translate("hello\nyou", "es", cast(Any, Copying()), bill) == "hola\ntú"
