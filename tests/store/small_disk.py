"""Runs a script on a disk of a few MiB, which it can fill: memory, in a mount namespace of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

needs_a_small_disk = pytest.mark.skipif(not shutil.which("unshare"), reason="needs a file system of its own")
TIMEOUT_SECONDS = 120.0


def on_a_disk(mib: int, folder: Path, script: str, *arguments: object) -> list[str]:
    """Return the lines that a script prints; its first argument is `folder`, the disk."""
    mounted = f'mount -t tmpfs -o size={mib}m none "$2" && exec "$0" -c "$@"'
    own = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
    command = [*own, "sh", "-c", mounted, sys.executable, script, str(folder), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
