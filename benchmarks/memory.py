"""The memory of all processes together while sixteen contestants on API models debate."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import engine
from benchmarks.exchange import LATENCY, WORDS
from benchmarks.figures import Figure, print_table
from benchmarks.meter import measure
from benchmarks.server import running
from debate import content

CONTESTANTS = 16
MATCHUPS = 96


def figures() -> list[Figure]:
    """Plays a tournament on two protocol servers, prints its processes at their largest, and returns their sum."""
    with running(LATENCY, WORDS) as one, running(LATENCY, WORDS) as other, tempfile.TemporaryDirectory() as folder:
        places = (("openai", one.base_url), ("anthropic", other.url))
        contestants = [engine.model(f"model-{n}", *places[n % 2]) for n in range(CONTESTANTS)]
        judges = [engine.model(f"judge-{n}", *places[n % 2]) for n in range(3)]
        engine.configure(Path(folder) / "config", contestants, judges)
        run = Path(folder) / "run"
        whole = measure(engine.command(Path(folder) / "config", run, MATCHUPS), {"PYTHONPATH": str(content.ROOT)})
        engine.last_ballot(run, 2 * MATCHUPS * 3)
    print(
        f"{CONTESTANTS} contestants, {2 * MATCHUPS} debates at once, at the moment when the processes were largest.\n"
    )
    rows = [(w.name, f"{w.pss:,.0f}", f"{w.rss:,.0f}") for w in sorted(whole.weights, key=lambda w: -w.pss)]
    print_table(("process", "PSS MB", "RSS MB"), [*rows, ("together", f"{whole.pss:,.0f}", f"{whole.rss:,.0f}")])
    return [
        Figure("16 contestants: memory, shared pages counted once (PSS)", whole.pss, 1500, "MB"),
        Figure("16 contestants: memory, shared pages counted for each process (RSS)", whole.rss, 1500, "MB"),
    ]
