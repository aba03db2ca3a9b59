"""How long a person waits: for the first words of a debate by the local model, and for --help."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time

from benchmarks.figures import Figure
from debate import content

#: A line of the plain screen with words of a speech: its first ones, or those it was logged with.
SPEECH = re.compile(r"(?:begins|\)): [\"“]\w")

TRIES = 5


def figures() -> list[Figure]:
    """Starts a tournament and measures until the first line of a speech; asks for help a few times."""
    helps = []
    for _ in range(TRIES):
        began = time.monotonic()
        subprocess.run([sys.executable, "-m", "debate", "--help"], check=True, capture_output=True, cwd=content.ROOT)
        helps.append(time.monotonic() - began)
    return [
        Figure("first words of a debate on the screen, local model", first_words(), 25, "s"),
        Figure("python -m debate --help, median of five", sorted(helps)[TRIES // 2], 0.5, "s"),
    ]


def first_words() -> float:
    """Returns the seconds from `python -m debate tournament` to the first line with words of a speech."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "debate", "tournament", f"run.dir={folder}/run"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=content.ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if SPEECH.search(line):
                seconds = time.monotonic() - began
                print(f"after {seconds:.1f} s: {line.strip()}\n")
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=60)
                return seconds
        raise RuntimeError(f"no speech came:\n{''.join(lines)}")
