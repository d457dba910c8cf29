"""What the bot and the process that uses a server of tools tell each other: JSON, one object a line.

Both ends keep their lines short, whatever a server sent or the model wrote, so that none takes the bot's loop long.
"""

import json
from typing import Any

MAX_REPORT_BYTES = 256 << 10
"""Of a line to the bot: one tool, or one result."""
MAX_ORDER_BYTES = 2 << 20
"""Of a line from the bot: a server's entry in TOOLS_FILE, or a call."""


def wire_line(**content: Any) -> bytes:
    """Return a line. Halves of characters, which no server takes, become question marks."""
    return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
