"""`models`: which models are configured and reachable, with one real call each."""

from __future__ import annotations

import asyncio

from omegaconf import DictConfig

from debate.commands.spec import panel, roster
from debate.core.contestant import Model
from debate.core.noun import digest
from debate.core.panel import ModelJudge
from debate.core.visible import one_line
from debate.models.host import ModelHost
from debate.models.protocol import Message, Reply, Request


def job(config: DictConfig) -> int:
    """Prints a line for each model; returns 1 where one did not answer."""
    from rich.console import Console
    from rich.table import Table

    models: dict[str, Model] = {c.id: c for c in roster(config)}
    models |= {judge.id: judge for judge in panel(config).judges if isinstance(judge, ModelJudge)}
    console = Console()
    with console.status(f"asking {len(models)} models"):
        replies = asyncio.run(_ask_all(models))
    table = Table(
        "id", "provider", "model", "family", "where", "answer", "seconds", "USD per million in / cached / out"
    )
    for name, model in models.items():
        reply = replies[name]
        price = model.price
        cost = "free" if model.free else "no price given"
        if price is not None:
            cached = price.input if price.cached is None else price.cached
            cost = f"{price.input:g} / {cached:g} / {price.output:g}"
        answer = "answers" if reply.status in ("ok", "truncated") else _fault(reply)
        where = model.base_url or ("this machine" if model.free else "its provider")
        cells = (name, model.provider, model.model, model.family, where, answer, f"{reply.seconds:.1f}", cost)
        table.add_row(*(one_line(cell) for cell in cells))
    console.print(table)
    return 0 if all(reply.status in ("ok", "truncated") for reply in replies.values()) else 1


async def _ask_all(models: dict[str, Model]) -> dict[str, Reply]:
    host = ModelHost(models)
    try:
        text = "Reply with the one word: ready"
        asks = [
            host.ask(Request(digest([name])[:12], name, (Message("user", text),), max_tokens=16)) for name in models
        ]
        return dict(zip(models, await asyncio.gather(*asks), strict=True))
    finally:
        await host.close()


def _fault(reply: Reply) -> str:
    return f"{reply.status}: {reply.faults[-1].detail}" if reply.faults else reply.status
