"""`rate`: from a file of ballots to standings, and to predictions of ballots that were held out."""

from __future__ import annotations

import json
import math
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.playing import Done, quickly

Row = dict[str, Any]

KEYS = {"p_pro", "p_draw", "p_con"}


def rows(first: int, last: int) -> list[Row]:
    """Ballots of matchups between four contestants, `a` the best and `d` the worst, by two judges."""
    found = []
    for number in range(first, last):
        chance = random.Random(number)
        one, other = chance.sample("abcd", 2)
        for leg, pro, con in (("a", one, other), ("b", other, one)):
            for judge in ("strict", "kind"):
                gap = ord(con) - ord(pro) + chance.gauss(0.3, 1)
                found.append(
                    {
                        "matchup": f"m{number:03}",
                        "leg": leg,
                        "motion": f"x{number % 7}",
                        "category": "law" if number % 7 % 2 else "health",
                        "pro": pro,
                        "con": con,
                        "judge": judge,
                        "preference": 0 if abs(gap) < 0.3 else math.copysign(1 if abs(gap) < 1.5 else 2, gap),
                    }
                )
    return found


def write(path: Path, ballots: list[Row]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in ballots), "utf-8")
    return path


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["debate"])
    write(Path("train.jsonl"), rows(0, 40))
    write(Path("held.jsonl"), rows(40, 60))
    yield


@pytest.fixture
def rate(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*arguments: str) -> Done:
        return quickly(capsys, "rate", "ballots=train.jsonl", "out=rated", *arguments)

    return run


def predictions() -> list[Row]:
    return [json.loads(line) for line in Path("rated/predictions.jsonl").read_text("utf-8").splitlines()]


def test_without_a_holdout_there_are_standings_alone(rate: Any) -> None:
    done = rate()
    assert done.code == 0
    assert [path.name for path in Path("rated").iterdir()] == ["standings.json"]
    overall = json.loads(Path("rated/standings.json").read_text("utf-8"))["overall"]
    assert overall[0]["contestant"] == "a"
    assert "Holdout" not in done.out


def test_a_holdout_is_predicted_line_by_line(rate: Any) -> None:
    done = rate("holdout=held.jsonl")
    assert done.code == 0
    held, found = rows(40, 60), predictions()
    assert len(found) == len(held)
    for line in found:
        assert set(line) == KEYS
        assert sum(line.values()) == pytest.approx(1, abs=1e-9)
        assert min(line.values()) > 0
    ends = [p["p_pro"] for p, row in zip(found, held, strict=True) if (row["pro"], row["con"]) == ("a", "d")]
    assert min(ends) > 0.7
    told = json.loads(Path("rated/holdout.json").read_text("utf-8"))
    likely = [
        p[{1: "p_pro", 0: "p_draw", -1: "p_con"}[(row["preference"] > 0) - (row["preference"] < 0)]]
        for p, row in zip(found, held, strict=True)
    ]
    assert told["log_loss"] == pytest.approx(-sum(map(math.log, likely)) / len(likely))
    assert told["log_loss"] < 1, "three equal chances have 1.1"
    assert told["accuracy"] > 0.7
    assert 0 <= told["calibration_error"] < 0.25
    assert (told["ballots"], told["known"]) == (80, 0)
    (line,) = [line for line in done.out.splitlines() if line.startswith("Holdout: ")]
    assert f"80 ballots, log loss {told['log_loss']:.3f}" in line
    assert {path.name for path in Path("rated").iterdir()} == {"standings.json", "predictions.jsonl", "holdout.json"}


def test_the_order_is_the_holdouts_and_what_it_says_plays_no_part(rate: Any) -> None:
    rate("holdout=held.jsonl")
    straight = predictions()
    turned = [row | {"preference": -row["preference"], "judge_kind": "human"} for row in rows(40, 60)]
    write(Path("held.jsonl"), turned[::-1])
    rate("holdout=held.jsonl")
    assert predictions() == straight[::-1]


def test_what_the_first_file_never_saw_is_predicted_too(rate: Any) -> None:
    """A new contestant, judge, motion or category, and all of them at once, for each side."""
    seen = {"leg": "a", "motion": "x1", "category": "law", "pro": "a", "con": "b", "judge": "kind", "margin": 3}
    new = [{"pro": "new"}, {"con": "new"}, {"judge": "new"}, {"motion": "new"}, {"category": "new"}, {"category": None}]
    new.append({"pro": "new", "con": "newer", "judge": "new", "motion": "new", "category": "new"})
    write(Path("held.jsonl"), [seen | {"matchup": f"n{n}"} | part for n, part in enumerate([{}, *new])])
    assert rate("holdout=held.jsonl").code == 0
    found = predictions()
    for line in found:
        assert sum(line.values()) == pytest.approx(1, abs=1e-9)
        assert all(0 < chance < 1 for chance in line.values())
    assert found[0]["p_pro"] > 0.6
    assert found[0]["p_pro"] > found[-1]["p_pro"] > found[-1]["p_con"], "strangers have the side's advantage alone"


def test_matchups_of_both_files_are_told(rate: Any) -> None:
    done = rate("holdout=train.jsonl")
    assert json.loads(Path("rated/holdout.json").read_text("utf-8"))["known"] == 160
    assert "160 are of matchups that were rated too" in done.out


def test_one_ballot_predicts_one_ballot(rate: Any) -> None:
    row = rows(0, 1)[0]
    write(Path("train.jsonl"), [row])
    write(Path("held.jsonl"), [row | {"matchup": "other", "preference": 0}])
    assert rate("holdout=held.jsonl").code == 0
    assert json.loads(Path("rated/holdout.json").read_text("utf-8"))["accuracy"] is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, ["there is no such file"]),
        ("", ["holds no ballots"]),
        ('{"matchup": "m"\n', ["line 1", "not JSON"]),
        (json.dumps(rows(0, 1)[0] | {"preference": None}), ["line 1", "preference, margin and scores"]),
        (json.dumps(rows(0, 1)[0] | {"preference": 3}), ["line 1", "preference"]),
        (json.dumps(rows(0, 1)[0] | {"margin": math.nan}), ["line 1"]),
        (json.dumps(rows(0, 1)[0] | {"con": rows(0, 1)[0]["pro"]}), ["line 1", "against itself"]),
        ("\n".join([json.dumps(rows(0, 1)[0])] * 2), ["line 2", "already judged"]),
    ],
)
def test_a_bad_holdout_is_told_in_one_line_and_writes_nothing(rate: Any, text: str | None, says: list[str]) -> None:
    Path("bad.jsonl").unlink(missing_ok=True)
    if text is not None:
        Path("bad.jsonl").write_text(text, "utf-8")
    line = rate("holdout=bad.jsonl").complaint()
    assert "bad.jsonl" in line
    for words in says:
        assert words in line
    assert not Path("rated").exists()
