"""A small tournament of scripted speakers, for tests that play."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from debate import content
from debate.core.contestant import Contestant
from debate.core.format import Format
from debate.core.panel import Panel
from debate.core.spec import Budget, Cluster, Stop, Store, TournamentSpec
from debate.judges.rubric import load_rubric
from debate.motions.bank import load_packs
from debate.motions.draw import choose


def smoke_spec(
    *,
    matchups: int,
    delay: float = 0.0,
    usd: float | None = None,
    tokens: int | None = None,
    price: bool = False,
    params: Mapping[str, Any] | None = None,
    only: Sequence[str] | None = None,
    people: Sequence[str] = (),
    debates: int = 8,
) -> TournamentSpec:
    """Returns the tournament of `tournaments=smoke`, with the changes asked for."""
    root = content.ROOT
    roster = yaml.safe_load((root / "conf" / "debaters" / "scripted.yaml").read_text())["contestants"]
    found = []
    for entry in roster:
        if only is None or entry["id"] in only:
            own = {**entry["params"], "delay": delay, **(params or {}).get(entry["id"], {})}
            cost = {"input": 1.0, "output": 5.0} if price else None
            found.append(Contestant.model_validate({**entry, "params": own, "price": cost}))
    panel = yaml.safe_load((root / "judges" / "scripted.yaml").read_text())
    for judge in panel["judges"]:
        if judge["kind"] == "model":
            judge["params"] = {**judge.get("params", {}), "delay": delay}
            judge["price"] = {"input": 1.0, "output": 5.0} if price else None
    if people:
        panel["judges"] = [{"id": name, "kind": "human", "name": name} for name in people]
    checked = Panel.model_validate(panel)
    motions = choose(load_packs(["standard"], []), ["education", "health"], "en")
    return TournamentSpec(
        name="smoke",
        seed=1,
        language="en",
        format=Format.model_validate(yaml.safe_load((root / "conf" / "format" / "duel.yaml").read_text())),
        contestants=tuple(found),
        panel=checked,
        rubric=load_rubric("standard", []),
        motions=motions,
        categories=("education", "health"),
        budget=Budget(matchups=matchups, usd=usd, tokens=tokens),
        stop=Stop(),
        cluster=Cluster(debates=debates),
        store=Store(),
    )
