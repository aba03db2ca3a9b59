"""The exchange driven by Inspect AI, in an environment of its own: a sample is a debate, its solver holds it.

Its connections and samples are as many as there are debates and judges, and it shows nothing; all else is as it comes.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
    Model,
    ResponseSchema,
    get_model,
)
from inspect_ai.solver import Generate, Solver, TaskState, solver

from benchmarks.exchange import JUDGES, filled, written

ROLES = {"system": ChatMessageSystem, "user": ChatMessageUser, "assistant": ChatMessageAssistant}


@solver
def debate(exchange: dict[str, Any], ended: list[float]) -> Solver:
    """Holds one debate with its ballots, and notes when they were in hand."""

    async def ask(model: Model, call: dict[str, Any], replies: list[str]) -> str:
        messages: list[ChatMessage] = [
            ROLES[m["role"]](content=m["content"]) for m in filled(call["messages"], replies)
        ]
        form = None
        if call["schema"]:
            form = ResponseSchema.model_validate({"name": "reply", "json_schema": call["schema"], "strict": True})
        output = await model.generate(messages, config=GenerateConfig(max_tokens=call["room"], response_schema=form))
        return output.completion

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        model = get_model()
        replies: list[str] = []
        for call in exchange["speeches"]:
            replies.append(await ask(model, call, replies))
        for ballot in await asyncio.gather(*(ask(model, call, replies) for call in exchange["ballots"])):
            json.loads(ballot)
        ended.append(time.time())
        return state

    return solve


def main(url: str, number: int, exchange: dict[str, Any]) -> None:
    """Prints how many debates failed, and when the last ballot was in hand, in seconds since the epoch."""
    ended: list[float] = []
    samples = [Sample(input=f"debate {n}", id=n) for n in range(1, number + 1)]
    with tempfile.TemporaryDirectory() as folder:
        (log,) = eval(
            Task(dataset=samples, solver=debate(exchange, ended)),
            model="openai/m",
            model_base_url=url,
            model_args={"api_key": "none", "responses_api": False},
            max_connections=number * JUDGES,
            max_samples=number,
            display="none",
            log_dir=folder,
        )
        failed = sum(sample.error is not None for sample in log.samples or ())
    if log.status != "success":
        sys.exit(f"inspect: {log.status}: {log.error.message if log.error else ''}")
    print(failed, max(ended))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), written(Path(sys.argv[3])))
