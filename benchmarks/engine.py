"""The engine as it is measured: its configuration, its command, what its log says, and the exchange that it holds."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from benchmarks.exchange import JUDGES, MARK, SPEECHES, WORDS
from debate import content
from debate.core.contestant import Contestant
from debate.core.debate import Matchup
from debate.core.format import Format, Side
from debate.core.motion import CATEGORIES
from debate.core.panel import ModelJudge
from debate.judges.model_judge import judge_leg
from debate.judges.rubric import load_rubric
from debate.models.protocol import Reply, Request
from debate.motions.bank import load_packs
from debate.rounds.moderator import debate

Settings = dict[str, Any]


def model(id: str, provider: str, url: str) -> Settings:
    """Returns a contestant's or judge's entry for a model at a protocol server. Each is a family of its own."""
    return {"id": id, "provider": provider, "model": id, "family": id, "base_url": url}


def configure(folder: Path, contestants: Sequence[Settings], judges: Sequence[Settings]) -> None:
    """Writes a `--config-dir` with these as `debaters=bench` and `judges=bench`."""
    panel = {"rubric": "standard", "seats": len(judges), "judges": [{**judge, "kind": "model"} for judge in judges]}
    for group, found in (("debaters", {"contestants": list(contestants)}), ("judges", panel)):
        (folder / group).mkdir(parents=True)
        (folder / group / "bench.yaml").write_text(yaml.safe_dump(found), "utf-8")


def command(folder: Path, run: Path, matchups: int) -> list[str]:
    """Returns the command that plays so many matchups, all legs at once, into `run`."""
    return [
        *(sys.executable, "-m", "debate", "tournament", "tournaments=smoke", "debaters=bench", "judges=bench"),
        *(
            f"categories=[{','.join(CATEGORIES)}]",
            f"budget.matchups={matchups}",
            f"cluster.debates={2 * matchups}",
            "seed=1",
        ),
        *(f"run.dir={run}", "--config-dir", str(folder)),
    ]


def last_ballot(run: Path, ballots: int) -> float:
    """Returns when the last of `ballots` ballots was logged, in seconds since the epoch.

    Raises:
        RuntimeError: the log has fewer, or faults.
    """
    with sqlite3.connect(run / "events.sqlite") as log:
        kinds = dict(log.execute("select kind, count(*) from events group by kind"))
        (at,) = log.execute("select max(at) from events where kind = 'ballot'").fetchone()
    if kinds.get("ballot") != ballots or kinds.get("fault"):
        raise RuntimeError(f"{ballots} ballots were to come, and no faults; the log has {kinds}")
    return dt.datetime.fromisoformat(at).timestamp()


def exchange(contestants: Sequence[Settings], judges: Sequence[Settings]) -> dict[str, Any]:
    """Returns the calls of one leg as the engine makes them, with marks where replies belong."""
    form = Format.model_validate(yaml.safe_load((content.ROOT / "conf/format/duel.yaml").read_text("utf-8")))
    rubric, motion = load_rubric("standard", ()), load_packs(["standard"], ())[0]
    pro, con = (Contestant.model_validate(contestant) for contestant in contestants[:2])
    panel = [ModelJudge.model_validate(judge) for judge in judges[:JUDGES]]
    matchup = Matchup(
        id="m00001", batch=0, motion=motion, a=pro.id, b=con.id, judges=tuple(j.id for j in panel), why="", seed=1
    )
    said = [" ".join([chr(ord("a") + n) * 5] * WORDS) for n in range(SPEECHES)]
    asked: list[Request] = []

    async def ask(request: Request, on_text: Any = None) -> Reply:
        asked.append(request)
        return Reply(request.key, "ok", said[len(asked) - 1] if len(asked) <= SPEECHES else "no ballot")

    async def play() -> list[Request]:
        sides: dict[Side, Contestant] = {"pro": pro, "con": con}
        end = await debate(
            format=form, language="en", matchup=matchup, leg="a", contestants=sides, ask=ask,
            record=lambda draft: None, live=None, heard=(),
        )  # fmt: skip
        assert end.transcript is not None
        for judge in panel:
            await judge_leg(judge, end.transcript, rubric, (), ask, 1)
        # What is no ballot is asked for twice.
        return [*asked[:SPEECHES], *asked[SPEECHES::2]]

    def marked(request: Request) -> dict[str, Any]:
        text = json.dumps([{"role": m.role, "content": m.text} for m in request.messages])
        for number, words in enumerate(said):
            text = text.replace(words, MARK.format(number))
        return {"messages": json.loads(text), "room": request.max_tokens, "schema": request.schema}

    calls = [marked(request) for request in asyncio.run(play())]
    return {"speeches": calls[:SPEECHES], "ballots": calls[SPEECHES:]}
