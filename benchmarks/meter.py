"""Runs a command and measures the whole tree of its processes: seconds of CPU over time, and memory by process."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from bisect import bisect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

#: Seconds between two looks at the processes, and between two looks at their memory, which cost more.
LOOK_EVERY = 0.2
WEIGH_EVERY = 1.0

_TICKS = os.sysconf("SC_CLK_TCK")


class Weight(NamedTuple):
    """The memory of one process in MB. PSS divides pages that processes share among them; RSS counts them for each."""

    name: str
    pss: float
    rss: float


class Measured:
    """What a command used. Times are seconds since the epoch; memory is that of the moment when the PSS was highest."""

    def __init__(self) -> None:
        self.began = self.ended = 0.0
        self.code = 0
        self.out = self.err = ""
        self.weights: list[Weight] = []
        self._at: list[float] = []
        self._cpu: list[float] = []

    @property
    def seconds(self) -> float:
        """From the start of the command to its end."""
        return self.ended - self.began

    @property
    def pss(self) -> float:
        """MB of all processes together, pages that they share counted once."""
        return sum(weight.pss for weight in self.weights)

    @property
    def rss(self) -> float:
        """MB of all processes together, pages that they share counted for each."""
        return sum(weight.rss for weight in self.weights)

    def cpu(self, start: float | None = None, end: float | None = None) -> float:
        """Returns the seconds of CPU that all processes used from `start` to `end`, or in all."""
        return self._used(self.ended if end is None else end) - self._used(self.began if start is None else start)

    def add(self, at: float, used: float) -> None:
        """Adds a look: all processes together had used so many seconds of CPU at this time."""
        self._at.append(at)
        self._cpu.append(used)

    def _used(self, at: float) -> float:
        place = bisect(self._at, at)
        if place == 0:
            return 0.0
        if place == len(self._at):
            return self._cpu[-1]
        (t, u), (t2, u2) = ((self._at[i], self._cpu[i]) for i in (place - 1, place))
        return u + (u2 - u) * (at - t) / (t2 - t)


def measure(command: Sequence[str], environment: Mapping[str, str] | None = None, timeout: float = 900) -> Measured:
    """Runs `command` to its end and returns what it used.

    Raises:
        RuntimeError: it failed; the text has the end of what it said.
    """
    found = Measured()
    found.began = time.time()
    process = subprocess.Popen(
        command, env={**os.environ, **(environment or {})}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    watcher = threading.Thread(target=_watch, args=(process.pid, found), daemon=True)
    watcher.start()
    try:
        found.out, found.err = process.communicate(timeout=timeout)
    except BaseException:  # too long, or Ctrl-C
        process.terminate()
        process.wait()
        raise
    found.ended, found.code = time.time(), process.returncode
    watcher.join()
    if found.code != 0:
        raise RuntimeError(f"{' '.join(command)}\nexit {found.code}\n{found.out[-1500:]}\n{found.err[-1500:]}")
    return found


class _Process(NamedTuple):
    name: str
    parent: int
    started: int
    cpu: float


def _watch(root: int, found: Measured) -> None:
    """Looks at the tree below `root` until it is gone. Who once belonged to it does so also without its parent."""
    family: dict[int, int] = {}
    used: dict[tuple[int, int], float] = {}
    next_weighing = 0.0
    while True:
        now = time.time()
        alive = _processes()
        if root not in alive:
            return
        family = {pid: started for pid, started in family.items() if pid in alive and alive[pid].started == started}
        family.setdefault(root, alive[root].started)
        for pid in sorted(alive):
            line = [pid]
            while (parent := alive[line[-1]].parent) in alive and line[-1] not in family:
                line.append(parent)
            if line[-1] in family:
                family |= {member: alive[member].started for member in line}
        used |= {(pid, started): alive[pid].cpu for pid, started in family.items()}
        found.add(now, sum(used.values()))
        if now >= next_weighing:
            weights = [weight for pid in family if (weight := _weigh(pid, alive[pid].name))]
            if sum(weight.pss for weight in weights) > found.pss:
                found.weights = weights
            next_weighing = time.time() + WEIGH_EVERY
        time.sleep(LOOK_EVERY)


def _processes() -> dict[int, _Process]:
    found = {}
    for entry in os.listdir("/proc"):  # noqa: PTH208
        if entry.isdigit():
            try:
                head, _, tail = Path(f"/proc/{entry}/stat").read_text().rpartition(")")
            except OSError:
                continue
            fields = tail.split()
            if fields[0] != "Z":
                cpu = (int(fields[11]) + int(fields[12])) / _TICKS
                found[int(entry)] = _Process(head.partition("(")[2], int(fields[1]), int(fields[19]), cpu)
    return found


def _weigh(pid: int, name: str) -> Weight | None:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        said = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return None
    size = {line.split()[0]: int(line.split()[1]) / 1024 for line in lines[1:]}
    if not size:
        return None
    # Ray's workers call themselves by what they do; others are told apart by their program and its module or file.
    shown = said[0] if said[0].startswith("ray::") else " ".join(Path(part).name for part in said[:3]) or name
    return Weight(shown.strip()[:40], size["Pss:"], size["Rss:"])
