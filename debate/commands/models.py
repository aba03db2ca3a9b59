"""`models`: which models are configured and reachable, with one real call each."""

from __future__ import annotations

import asyncio

from omegaconf import DictConfig

from debate.commands.cli import open_console, plain
from debate.commands.spec import panel, roster
from debate.core.contestant import Model
from debate.core.errors import UserError
from debate.core.noun import digest
from debate.core.panel import ModelJudge
from debate.core.visible import one_line
from debate.models.host import ModelHost
from debate.models.protocol import Message, Reply, Request


def job(config: DictConfig) -> int:
    """Prints a line for each model. Raises UserError where one did not answer."""
    from rich.table import Table

    data = plain(config)
    models: dict[str, Model] = {c.id: c for c in roster(data["debaters"])}
    models |= {judge.id: judge for judge in panel(data["judges"]).judges if isinstance(judge, ModelJudge)}
    console = open_console()
    with console.status(f"asking {len(models)} models"):
        replies = asyncio.run(_ask_all(models))
    table = Table("id", "provider", "model", "family", "where", "answer", "seconds", "USD per million")
    for name, model in models.items():
        reply = replies[name]
        price = model.price
        cost = "free" if model.free else "no price given"
        if price is not None:
            cached = price.input if price.cached is None else price.cached
            cost = f"{price.input:g} in, {cached:g} cached, {price.output:g} out"
        where = model.base_url or ("this machine" if model.free else "its provider")
        answer = "answers" if _answers(reply) else "does not answer"
        cells = (name, model.provider, model.model, model.family, where, answer, f"{reply.seconds:.1f}", cost)
        table.add_row(*(one_line(cell) for cell in cells))
    console.print(table)
    silent = {name: _fault(name, reply) for name, reply in replies.items() if not _answers(reply)}
    for line in silent.values():
        console.print(one_line(line), markup=False, soft_wrap=True)
    if silent:
        first = next(iter(silent.values()))
        raise UserError(f"{len(silent)} of {len(models)} models do not answer, first: {first}")
    return 0


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


def _answers(reply: Reply) -> bool:
    return reply.status in ("ok", "truncated")


def _fault(name: str, reply: Reply) -> str:
    said = reply.faults[-1].detail if reply.faults else reply.status
    return said if said.startswith(f"{name}: ") else f"{name}: {said}"
