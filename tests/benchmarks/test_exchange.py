"""Every driver sends what the engine sends."""

from __future__ import annotations

from benchmarks.engine import exchange, model
from benchmarks.exchange import JUDGES, SPEECHES, filled


def test_it_is_what_the_engine_asks_with_marks_for_what_was_said() -> None:
    contestants = [model(name, "openai", "http://127.0.0.1:1/v1") for name in ("one", "two")]
    judges = [model(name, "openai", "http://127.0.0.1:1/v1") for name in ("east", "west", "north")]
    found = exchange(contestants, judges)
    assert [len(found["speeches"]), len(found["ballots"])] == [SPEECHES, JUDGES]
    assert all(call["schema"] for call in found["ballots"]) and not any(call["schema"] for call in found["speeches"])
    replies = [f"Speech number {n}." for n in range(SPEECHES)]
    for number, call in enumerate(found["speeches"]):
        said = " ".join(message["content"] for message in filled(call["messages"], replies))
        # A speaker has been told all but what is still to come.
        assert [reply in said for reply in replies] == [n < number for n in range(SPEECHES)]
    for ballot in found["ballots"]:
        said = " ".join(message["content"] for message in filled(ballot["messages"], replies))
        assert all(reply in said for reply in replies) and "⟦" not in said
