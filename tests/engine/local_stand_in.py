"""A child that hears and speaks as it is told: harmless stand-ins for what a real one can do."""

import os
import time
from pathlib import Path

from bot.engine.local import wire
from bot.engine.local.child import Answer, Write, main
from bot.engine.local.models import LocalPart


def obedient(folder: Path) -> Answer:
    if folder.name == "broken":
        raise ValueError("no model")

    def answer(content: bytes, write: Write) -> None:
        options, sound = wire.parsed(content)
        match options.get("text"):
            case "exit":
                os._exit(3)
            case "sleep":
                time.sleep(60)
            case "raise":
                raise ZeroDivisionError("what somebody said")
            case "print":
                print("a library prints this", flush=True)
                write(wire.SPOKEN, b"printed")
            case "slow":
                for number in range(5):
                    write(wire.SPOKEN, b"slow %d" % number)
                    time.sleep(0.02)
            case "One, two, three.":
                write(wire.SPOKEN, bytes(48_000))
            case "pid":
                write(wire.SPOKEN, b"%d" % os.getpid())
            case "environment":
                write(wire.SPOKEN, " ".join(sorted(os.environ)).encode())
            case "write":
                (folder / "kept").write_bytes(b"words")
            case _:
                write(wire.HEARD_WORDS, b"%d bytes" % len(sound))

    return answer


if __name__ == "__main__":
    main(dict.fromkeys(LocalPart, obedient))
