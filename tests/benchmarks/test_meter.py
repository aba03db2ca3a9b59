"""What a command and its children are measured to use."""

from __future__ import annotations

import sys

import pytest

from benchmarks.meter import measure

#: Half a second of CPU and 60 MB in a grandchild, while its parent sleeps.
BUSY = """
import time
held = bytearray(60 * 2**20)
held[::4096] = b"x" * len(held[::4096])
began = time.process_time()
while time.process_time() - began < 0.5:
    pass
time.sleep(1.2)
"""


def test_a_grandchild_counts() -> None:
    code = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BUSY!r}])\nprint('done')"
    found = measure([sys.executable, "-c", code])
    assert found.out == "done\n"
    assert 0.5 <= found.cpu() < 1.5
    assert found.cpu(found.ended - 0.4) < 0.2
    assert 60 < found.pss <= found.rss < 200
    assert found.seconds > 1.7


def test_a_command_that_fails_says_so() -> None:
    with pytest.raises(RuntimeError, match=r"exit 3\n(.|\n)*broken"):
        measure([sys.executable, "-c", "import sys; print('broken'); sys.exit(3)"])
