"""The exchange that every driver holds with the models: one leg of `duel` and three ballots, as the engine asks them.

A driver is given it as JSON, so that all send the same words. Where what was said before belongs, there is a mark.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

#: Stands in a message for the reply to the speech of this number.
MARK = "⟦{}⟧"

#: Words of a reply, seconds until it comes, and how many calls a debate makes.
WORDS = 80
LATENCY = 0.5
SPEECHES = 8
JUDGES = 3
CALLS = SPEECHES + JUDGES

#: No driver can be faster: eight speeches one after the other, then the ballots at once.
SHORTEST = LATENCY * (SPEECHES + 1)


def filled(messages: list[dict[str, str]], replies: list[str]) -> list[dict[str, str]]:
    """Returns `messages` with what was said in place of the marks."""
    found = []
    for message in messages:
        text = message["content"]
        if "⟦" in text:
            for number, reply in enumerate(replies):
                text = text.replace(MARK.format(number), reply)
        found.append({"role": message["role"], "content": text})
    return found


def written(path: Path) -> dict[str, Any]:
    """Returns the exchange in `path`: `speeches` and `ballots`, each a list of calls (`messages`, `room`, `schema`)."""
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found
