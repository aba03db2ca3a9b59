"""Many debates at once against a server that takes half a second: plain asyncio, Inspect AI and the engine.

All hold the same exchange with the same server, one after the other. Time and CPU are taken twice: in play, from the
first request that the server sees to the last ballot in hand (in the engine's log), and for the whole command. In play
means without interpreters, imports and Ray's start, but with all that runs meanwhile, Ray's own processes included. The
server's CPU is nobody's, but it takes one of the cores from everybody.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import engine
from benchmarks.exchange import CALLS, JUDGES, LATENCY, SHORTEST, WORDS
from benchmarks.figures import Figure, print_table
from benchmarks.meter import Measured, measure
from benchmarks.server import Server, running
from debate import content

PEER = content.ROOT / ".venv-bench" / "bin" / "python"

CONTESTANTS = 8

#: What the tables call the drivers.
NAMES = {
    "defaults": "asyncio, the client's defaults",
    "same": "asyncio, the engine's client",
    "raw": "asyncio, that client, plain JSON",
    "inspect": "Inspect AI",
    "engine": "debate tournament",
}


class Run(NamedTuple):
    """One driver's run: seconds and CPU seconds in play, debates that failed, and the whole command."""

    seconds: float
    cpu: float
    failed: int
    whole: Measured


def figures() -> list[Figure]:
    """Plays 200 and 500 debates at once with every driver, prints what each used, and returns the engine's figures."""
    found = compare(200, tuple(NAMES))
    ours, same, peer = found["engine"], found["same"], found["inspect"]
    few = [
        Figure("200 debates: time, to asyncio's with the engine's client", ours.seconds / same.seconds, 1.25, "x"),
        Figure("200 debates: CPU, to asyncio's with the engine's client", ours.cpu / same.cpu, 2.0, "x"),
        Figure("200 debates: time, to Inspect AI's", ours.seconds / peer.seconds, 1 / 3, "x"),
    ]
    found = compare(500, tuple(NAMES))
    ours, plain, peer = found["engine"], found["defaults"], found["inspect"]
    return [
        *few,
        Figure("500 debates: time, to asyncio's with the client's defaults", ours.seconds / plain.seconds, 1 / 2, "x"),
        Figure("500 debates: time, to Inspect AI's", ours.seconds / peer.seconds, 1 / 5, "x"),
    ]


def compare(debates: int, drivers: Sequence[str]) -> dict[str, Run]:
    """Returns the run of each of `drivers` with so many debates at once, and prints them."""
    with running(LATENCY, WORDS) as server, tempfile.TemporaryDirectory() as folder:
        contestants = [engine.model(f"model-{n}", "openai", server.base_url) for n in range(CONTESTANTS)]
        judges = [engine.model(f"judge-{n}", "openai", server.base_url) for n in range(JUDGES)]
        engine.configure(Path(folder) / "config", contestants, judges)
        script = Path(folder) / "exchange.json"
        script.write_text(json.dumps(engine.exchange(contestants, judges)), "utf-8")
        found = {}
        for driver in drivers:
            print(f"{debates} debates: {NAMES[driver]} ...", file=sys.stderr, flush=True)
            found[driver] = _drive(driver, debates, server, Path(folder), script)
    _show(debates, found)
    return found


def _drive(driver: str, debates: int, server: Server, folder: Path, script: Path) -> Run:
    run = folder / f"run-{debates}"
    given = [server.base_url, str(debates), str(script)]
    if driver == "engine":
        command = engine.command(folder / "config", run, debates // 2)
    elif driver == "inspect":
        if not PEER.exists():
            raise RuntimeError("Inspect AI is not installed; run: make bench")
        command = [str(PEER), "-m", "benchmarks.peer", *given]
    else:
        command = [sys.executable, "-m", "benchmarks.plain", driver, *given]
    whole = measure(command, {"PYTHONPATH": str(content.ROOT), "OPENAI_API_KEY": "none"})
    seen = server.traffic()
    if driver == "engine":
        failed, last = 0, engine.last_ballot(run, debates * JUDGES)
    else:
        said = whole.out.split()
        failed, last = int(said[-2]), float(said[-1])
    if not failed and seen.requests < debates * CALLS:
        raise RuntimeError(f"{driver}: {debates * CALLS} requests were to come, the server saw {seen.requests}")
    return Run(last - seen.first, whole.cpu(seen.first, last), failed, whole)


def _show(debates: int, found: dict[str, Run]) -> None:
    print(f"{debates} debates at once of {CALLS} calls; in play, none can take less than {SHORTEST:g} s.\n")
    first = next(iter(found.values()))
    rows = [
        (
            NAMES[driver] + (f" ({run.failed} failed)" if run.failed else ""),
            f"{run.seconds:.1f}",
            f"{run.seconds / first.seconds:.2f}",
            f"{run.cpu:.1f}",
            f"{run.cpu / first.cpu:.2f}",
            f"{1000 * run.cpu / debates:.0f}",
            f"{run.whole.seconds:.1f}",
            f"{run.whole.cpu():.1f}",
            f"{run.whole.pss:,.0f}",
            f"{run.whole.rss:,.0f}",
        )
        for driver, run in found.items()
    ]
    head = ("", "in play s", "x", "CPU s", "x", "ms a debate", "whole s", "CPU s", "PSS MB", "RSS MB")
    print_table(head, rows)
