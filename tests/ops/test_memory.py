"""What a process gives back once it has started; in a process of its own, because it is for good."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SETTLING = """
import hashlib, json, re, ssl, sys
from pathlib import Path

import numpy as np

from bot.ops import memory
from bot.store.repository import SqlStore


def of_files():
    return int(re.search(r"RssFile:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024


def work():
    ssl.create_default_context()
    product = np.random.default_rng(1).standard_normal((40, 40)) @ np.arange(40)
    return [hashlib.sha256(product.tobytes()).hexdigest(), abs(np.fft.rfft(product)).tolist()]


before, worked = of_files(), work()
memory.settle()
print(json.dumps([before, of_files(), worked == work(), worked == work()]))
"""


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="only Linux gives back pages of libraries")
def test_libraries_are_given_back_and_still_work() -> None:
    done = subprocess.run([sys.executable, "-c", SETTLING], capture_output=True, text=True, check=True, timeout=120)
    before, after, *works = json.loads(done.stdout)
    assert after < 0.7 * before
    assert works == [True, True]
