"""What the child can do where nothing may be written, and what the bot itself never loads."""

import subprocess
import sys

import pytest

from bot.files.box import Box
from bot.jobs.encoder import encode
from tests.files.documents.test_formats import EXAMPLES
from tests.files.sounds import RATE, TONE, film, made

HEAVY = ("av", "alembic", "bs4", "chardet", "docx2python", "lxml", "markdown_it", "markdownify", "odfdo", "pylatexenc",
         "pypdfium2", "pysubs2", "striprtf", "webvtt")  # fmt: skip
"""What reads files, or brings the schema up to date."""


@pytest.mark.parametrize("module", ["bot.app", "bot.jobs.offline", "bot.cli.main, bot.app"])
def test_the_bot_loads_no_reader_of_files(module: str) -> None:
    unwanted = {*HEAVY, "rich"} if "bot.cli" in module else {*HEAVY}  # structlog alone loads rich
    code = f"import sys, {module}; print(*sorted({unwanted} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == []


async def test_every_kind_of_file_is_read_by_a_child_that_can_write_nothing() -> None:
    """Its limit of a file's size is zero, so a container whose root is read-only changes nothing for it."""
    documents = (".docx", ".odt", ".fodt", ".pptx", ".epub", ".pdf", ".rtf", ".html", ".tex", ".eml", ".ipynb")
    async with Box().reading() as place:
        for suffix in documents:
            assert "Words" in (await place.document(EXAMPLES[suffix], f"a{suffix}")).text
        for data in (encode(TONE, RATE), film(), made("ipod", "aac"), made("wav", "pcm_f32le")):
            assert len(await place.pcm(data)) > 60_000
