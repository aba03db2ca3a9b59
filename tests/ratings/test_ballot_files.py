"""Ballot files: what is read, and the one line that says what is wrong."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from debate.core.errors import UserError
from debate.ratings.ballots import read_ballots

GOOD: dict[str, Any] = {
    "matchup": "m1", "leg": "a", "motion": "x", "pro": "p", "con": "c", "judge": "j", "preference": 1
}  # fmt: skip
BACK = {**GOOD, "leg": "b", "pro": "c", "con": "p"}
FRONTIER = Path("/work/shared/data/frontier_ballots.jsonl")


def line(**changes: Any) -> bytes:
    return json.dumps({k: v for k, v in {**GOOD, **changes}.items() if v is not ...}).encode()


def write(folder: Path, *lines: bytes) -> Path:
    path = folder / "ballots.jsonl"
    path.write_bytes(b"\n".join(lines))
    return path


def test_reads_in_order_past_blank_lines_marks_and_foreign_keys(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        b"\xef\xbb\xbf" + line() + b"\r",
        b"",
        b"  \t",
        line(judge="k", preference=-2.0, colour="red"),
        line(judge="l", reason="one\u2028two", preference=..., margin=-0.25),
        json.dumps(BACK).encode(),
        b"",
    )
    ballots = read_ballots(path)
    assert [(b.leg, b.judge, b.preference) for b in ballots] == [
        ("a", "j", 1), ("a", "k", -2), ("a", "l", None), ("b", "j", 1)
    ]  # fmt: skip
    assert ballots[2].margin == -0.25
    assert ballots[2].reason == "one\u2028two"


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (b"{oops", "is not JSON (key must be a string at column 2)"),
        (b"[1]", "is not a JSON object"),
        (b'"text"', "is not a JSON object"),
        (b"null", "is not a JSON object"),
        (b'{"matchup": "\xff"}', "is not UTF-8 text"),
        (line(leg="c"), "leg is 'c': it must be 'a' or 'b'"),
        (line(judge=...), "the key 'judge' is missing"),
        (line(matchup=""), "matchup is empty"),
        (line(matchup=3), "matchup is 3: it must be a valid string"),
        (line(preference=float("nan")), "preference is not a finite number"),
        (line(preference=float("inf")), "preference is not a finite number"),
        (line(margin=float("-inf")), "margin is not a finite number"),
        (line(preference=3), "preference is 3: it must be less than or equal to 2"),
        (line(preference=-2.5), "preference is -2.5: it must be greater than or equal to -2"),
        (line(preference="1"), "preference is '1': it must be a valid number"),
        (line(preference=True), "preference is True: it must be a valid number"),
        (line(preference=None), "a ballot needs one of preference, margin and scores"),
        (line(con="p"), "'p' debates against itself"),
        (line(scores={"pro": {"logic": 3}}), "scores need both sides, 'pro' and 'con'"),
        (line(scores={"pro": {"logic": 3}, "con": {"style": 3}}), "scores name other criteria for PRO than for CON"),
        (line(scores={"pro": {"logic": float("nan")}, "con": {"logic": 1}}), "scores.pro.logic is not a finite number"),
        (line(judge_kind="oracle"), "judge_kind is 'oracle': it must be 'model', 'checklist' or 'human'"),
    ],
)
def test_a_bad_line_is_named_with_its_number(tmp_path: Path, bad: bytes, words: str) -> None:
    path = write(tmp_path, json.dumps(BACK).encode(), b"", bad)
    with pytest.raises(UserError) as caught:
        read_ballots(path)
    text = str(caught.value)
    assert text.startswith(f"{path}, line 3: ")
    assert words in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (line(), "judge 'j' has already judged leg a of matchup 'm1' on line 1; keep one of the two"),
        (line(judge="k", pro="c", con="p"), "has other sides (leg b is leg a with the sides swapped) than on line 1"),
        (line(leg="b"), "has other sides (leg b is leg a with the sides swapped) than on line 1"),
        (line(judge="k", motion="y"), "has another motion, 'y', than on line 1"),
        (line(judge="k", category="arts"), "has another category, 'arts', than on line 1"),
    ],
)
def test_lines_that_contradict_each_other_are_both_named(tmp_path: Path, second: bytes, words: str) -> None:
    path = write(tmp_path, line(category="law"), second)
    with pytest.raises(UserError) as caught:
        read_ballots(path)
    assert str(caught.value).startswith(f"{path}, line 2: ")
    assert words in str(caught.value)


def test_files_that_hold_nothing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no such file"):
        read_ballots(tmp_path / "none.jsonl")
    with pytest.raises(UserError, match="cannot be read"):
        read_ballots(tmp_path)
    for content in (b"", b"\n\n", b"\xef\xbb\xbf"):
        with pytest.raises(UserError, match="holds no ballots"):
            read_ballots(write(tmp_path, content))


def test_a_hundred_thousand_lines_take_seconds(tmp_path: Path) -> None:
    scores = {side: dict.fromkeys(["logic", "rebuttal", "evidence", "style", "safety"], 3) for side in ("pro", "con")}
    lines = [
        json.dumps({**(BACK if i // 3 % 2 else GOOD), "matchup": f"m{i // 6}", "judge": f"j{i % 3}", "scores": scores})
        for i in range(100_000)
    ]
    path = write(tmp_path, *(text.encode() for text in lines))
    began = time.process_time()
    assert len(read_ballots(path)) == 100_000
    assert time.process_time() - began < 10


@pytest.mark.skipif(not FRONTIER.exists(), reason="the ballots of frontier judges are not here")
def test_real_ballots_are_read_whole() -> None:
    ballots = read_ballots(FRONTIER)
    assert len(ballots) == sum(1 for text in FRONTIER.read_bytes().splitlines() if text.strip())
