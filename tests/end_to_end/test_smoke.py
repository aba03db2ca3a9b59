"""One scripted tournament as a user plays it, its files to the letter, and what verify says when they are touched."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from debate.core.event import GENESIS
from debate.core.noun import canonical
from tests.end_to_end.playing import (
    CHECKLIST,
    Done,
    calls,
    debate,
    events,
    json_of,
    lines_of,
    panel,
    quickly,
    speakers,
    write_configuration,
)

pytestmark = pytest.mark.ray

CONTESTANTS = ["ada", "ben", "cleo", "dan"]
JUDGES = ["scripted-east", "scripted-west", "checklist"]


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder outside the repository, with a space and a letter that is not ASCII in its name."""
    folder = tmp_path_factory.mktemp("smoke") / "my débats"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def played(away: Path) -> Done:
    return debate("tournament", "tournaments=smoke", "run.dir=the run", cwd=away)


@pytest.fixture
def run(played: Done, away: Path) -> Path:
    assert played.code == 0, played.err
    return away / "the run"


@pytest.fixture
def copy(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "argv", ["debate"])
    return Path(shutil.copytree(run, tmp_path / "copy"))


def test_it_ends_well_and_says_so(played: Done, away: Path) -> None:
    assert played.code == 0
    assert played.err == ""
    assert "stopped: the budget of 6 matchups is played" in played.out
    assert len(re.findall(r" verdict: ", played.out)) == 6
    assert re.search(r"6 matchups of two legs: about [\d,]+ calls", played.out)
    assert "Overall" in played.out
    assert "the run/report/index.html" in played.out
    assert "Traceback" not in played.out
    assert [path.name for path in away.iterdir()] == ["the run"]


def test_the_folder_holds_what_it_should(run: Path) -> None:
    names = {path.name for path in run.iterdir()}
    assert {"manifest.json", "events.sqlite", "transcripts", "ballots.jsonl", "standings.json", "costs.json", "report",
            "calls"} <= names  # fmt: skip
    assert not any(name.endswith((".new", ".tmp")) for name in names)
    assert "awaiting.jsonl" not in names
    legs = {f"m{number:05}-{leg}" for number in range(1, 7) for leg in "ab"}
    assert {path.name for path in (run / "transcripts").iterdir()} == {
        f"{leg}.{e}" for leg in legs for e in ("json", "md")
    }


def test_the_manifest_is_the_frozen_spec(run: Path) -> None:
    manifest = json_of(run / "manifest.json")
    assert set(manifest) == {"layout", "run", "version", "revision", "created", "spec", "motions", "packages"}
    spec = manifest["spec"]
    assert set(spec) == {
        "name", "seed", "language", "format", "contestants", "panel", "rubric", "motions", "categories", "schedule",
        "budget", "stop", "cluster", "store",
    }  # fmt: skip
    assert (spec["name"], spec["seed"], spec["language"], spec["budget"]["matchups"]) == ("smoke", 1, "en", 6)
    assert [contestant["id"] for contestant in spec["contestants"]] == CONTESTANTS
    assert [judge["id"] for judge in spec["panel"]["judges"]] == JUDGES
    assert [criterion["name"] for criterion in spec["rubric"]["criteria"]] == [
        "logic", "rebuttal", "evidence", "style", "safety",
    ]  # fmt: skip
    assert spec["categories"] == ["education", "health"]
    for motion in spec["motions"]:
        assert manifest["motions"][motion["id"]] == hashlib.sha256(canonical(motion).encode()).hexdigest()
    assert {"ray", "pydantic", "trueskill"} <= set(manifest["packages"])


def test_the_log_is_a_chain_that_anyone_can_check(run: Path) -> None:
    """Read with nothing of ours: SQLite, JSON and SHA-256."""
    with sqlite3.connect(f"file:{run / 'events.sqlite'}?mode=ro", uri=True) as connection:
        rows = connection.execute("SELECT seq, at, kind, matchup, body, prev, hash FROM events ORDER BY seq").fetchall()
    before = GENESIS
    for number, (seq, at, kind, matchup, body, prev, seal) in enumerate(rows, 1):
        sealed = {"seq": seq, "at": at, "kind": kind, "matchup": matchup, "body": json.loads(body), "prev": prev}
        text = json.dumps(sealed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert (seq, prev, seal) == (number, before, hashlib.sha256(text.encode()).hexdigest())
        before = seal
    kinds = Counter(row[2] for row in rows)
    assert rows[0][2] == "run_started"
    assert rows[-1][2] == "stopped"
    assert kinds == {"run_started": 1, "scheduled": 6, "speech": 96, "ballot": 36, "leg_done": 12, "verdict": 6,
                     "stopped": 1}  # fmt: skip


def test_transcripts_hold_what_was_said(run: Path) -> None:
    texts = {motion["id"]: motion for motion in json_of(run / "manifest.json")["spec"]["motions"]}
    steps = [step["id"] for step in json_of(run / "manifest.json")["spec"]["format"]["steps"]]
    sides: dict[str, dict[str, Any]] = {}
    for file in sorted((run / "transcripts").glob("*.json")):
        found = json_of(file)
        assert set(found) == {"matchup", "leg", "motion", "format", "language", "sides", "speeches"}
        assert file.stem == f"{found['matchup']}-{found['leg']}"
        assert set(found["motion"]) == {"id", "text", "category"}
        assert found["motion"]["text"] == texts[found["motion"]["id"]]["text"]["en"]
        assert (found["format"], found["language"]) == ("duel", "en")
        assert [speech["step"] for speech in found["speeches"]] == steps
        heard: dict[str, set[str]] = {"pro": set(), "con": set()}
        for speech in found["speeches"]:
            assert set(speech) == {
                "step", "side", "speaker", "kind", "text", "words", "claims", "answers", "cut", "status", "at",
            }  # fmt: skip
            other = "con" if speech["side"] == "pro" else "pro"
            assert set(speech["answers"]) <= heard[other]
            heard[speech["side"]] |= {claim for claim, _ in speech["claims"]}
            assert all(claim.startswith(speech["side"][0].upper()) for claim, _ in speech["claims"])
            assert speech["status"] == "spoken"
            assert speech["words"] > 0
        shown = file.with_suffix(".md").read_text("utf-8")
        assert found["motion"]["text"] in shown
        assert found["speeches"][0]["text"].split("\n")[0] in shown
        if found["leg"] == "b":
            assert sides[found["matchup"]] == {"pro": found["sides"]["con"], "con": found["sides"]["pro"]}
        sides[found["matchup"]] = found["sides"]


def test_ballots_are_one_a_line(run: Path) -> None:
    ballots = lines_of(run / "ballots.jsonl")
    assert len(ballots) == 36
    for ballot in ballots:
        assert set(ballot) == {
            "matchup", "leg", "motion", "category", "pro", "con", "judge", "judge_kind", "family", "preference",
            "scores", "margin", "reason", "at",
        }  # fmt: skip
        assert ballot["leg"] in ("a", "b")
        assert ballot["judge_kind"] == ("checklist" if ballot["judge"] == "checklist" else "model")
        assert -2 <= ballot["preference"] <= 2
        assert set(ballot["scores"]) == {"pro", "con"}
        found = json_of(run / "transcripts" / f"{ballot['matchup']}-{ballot['leg']}.json")
        assert (ballot["pro"], ballot["con"]) == (found["sides"]["pro"], found["sides"]["con"])
        assert (ballot["motion"], ballot["category"]) == (found["motion"]["id"], found["motion"]["category"])
    seats = {(ballot["matchup"], ballot["leg"]): set() for ballot in ballots}
    for ballot in ballots:
        seats[ballot["matchup"], ballot["leg"]].add(ballot["judge"])
    assert all(judges == set(JUDGES) for judges in seats.values())


def test_standings_are_best_first(run: Path) -> None:
    standings = json_of(run / "standings.json")
    assert set(standings) == {"overall", "categories", "effects"}
    assert list(standings["categories"]) == ["education", "health"]
    assert {"side", "judges"} <= set(standings["effects"])
    assert set(standings["effects"]["judges"]) == set(JUDGES)
    for rows in (standings["overall"], *standings["categories"].values()):
        assert sorted(row["contestant"] for row in rows) == CONTESTANTS
        for row in rows:
            assert set(row) == {
                "contestant", "mu", "sigma", "low", "high", "rank_low", "rank_high", "matchups", "provisional",
            }  # fmt: skip
            assert row["low"] < row["mu"] < row["high"]
            assert 1 <= row["rank_low"] <= row["rank_high"] <= 4
        assert [row["mu"] for row in rows] == sorted((row["mu"] for row in rows), reverse=True)
    assert sum(row["matchups"] for row in standings["overall"]) == 12


def test_costs_are_those_of_the_calls(run: Path) -> None:
    costs = json_of(run / "costs.json")
    assert set(costs) == {"contestants", "judges", "total"}
    assert list(costs["contestants"]) == CONTESTANTS
    assert list(costs["judges"]) == JUDGES
    rows = [*costs["contestants"].values(), *costs["judges"].values()]
    for row in (*rows, costs["total"]):
        assert set(row) == {"calls", "input", "output", "cached", "usd", "seconds"}
    for key in ("calls", "input", "output", "cached"):
        assert costs["total"][key] == sum(row[key] for row in rows)
    answered = calls(run)
    assert len(answered) == costs["total"]["calls"]
    by = Counter(call["who"] for call in answered)
    assert {name: row["calls"] for name, row in {**costs["contestants"], **costs["judges"]}.items()} == {
        name: by[name] for name in (*CONTESTANTS, *JUDGES)
    }
    assert costs["judges"]["checklist"]["calls"] == 0


def test_the_report_can_be_read_offline(run: Path) -> None:
    page = (run / "report" / "index.html").read_text("utf-8")
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert all(name in page for name in (*CONTESTANTS, *JUDGES, "education", "health"))
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", page)


def test_verify_agrees_and_report_writes_the_same_again(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = quickly(capsys, "verify", f"run={copy}")
    assert (done.code, done.err) == (0, "")
    assert done.out == f"{copy}: {len(events(copy))} events, hashes, verdicts, ratings and files agree\n"
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.suffix in (".json", ".jsonl", ".md")}
    for name in ("standings.json", "ballots.jsonl", "costs.json", "transcripts/m00001-a.md", "report/index.html"):
        (copy / name).unlink()
    done = quickly(capsys, "report", f"run={copy}")
    assert (done.code, done.err) == (0, "")
    assert done.out.strip() == str(copy / "report" / "index.html")
    assert (copy / "report" / "index.html").is_file()
    assert {path: path.read_bytes() for path in before} == before


def test_rating_the_ballots_gives_the_same_table(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = quickly(capsys, "rate", f"ballots={copy / 'ballots.jsonl'}", f"out={copy / 'rated'}")
    assert (done.code, done.err) == (0, "")
    rated, found = json_of(copy / "rated" / "standings.json"), json_of(copy / "standings.json")
    assert rated["overall"] == found["overall"]
    assert rated["categories"] == found["categories"]
    assert rated["effects"]["side"] == found["effects"]["side"]
    assert all(row["contestant"] in done.out for row in found["overall"])


def row(number: str, change: str) -> Callable[[Path], None]:
    def tamper(run: Path) -> None:
        with sqlite3.connect(run / "events.sqlite") as connection:
            done = connection.execute(f"{change} WHERE seq = {number}")
            assert done.rowcount == 1

    return tamper


def text(name: str, old: str, new: str) -> Callable[[Path], None]:
    def tamper(run: Path) -> None:
        before = (run / name).read_text("utf-8")
        assert old in before
        (run / name).write_text(before.replace(old, new, 1), "utf-8")

    return tamper


def raised(key: str) -> Callable[[Path], None]:
    def tamper(run: Path) -> None:
        standings = json_of(run / "standings.json")
        standings["overall"][0][key] += 0.001
        (run / "standings.json").write_text(json.dumps(standings, indent=1, ensure_ascii=False) + "\n", "utf-8")

    return tamper


SPEECH = "(SELECT min(seq) FROM events WHERE kind = 'speech' AND body LIKE '% that %')"
LAST = "(SELECT max(seq) FROM events)"


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (text("ballots.jsonl", '"leg":"a"', '"leg":"b"'), "ballots.jsonl: line 1: leg"),
        (text("ballots.jsonl", "\n", "\n\n"), "ballots.jsonl: line 2"),
        (raised("mu"), "standings.json: overall[0].mu"),
        (text("standings.json", '"provisional": true', '"provisional": false'), "standings.json: overall[0].prov"),
        (text("costs.json", '"calls": ', '"calls": 1'), "costs.json: contestants.ada.calls"),
        (text("transcripts/m00003-b.json", '"text": "', '"text": "x'), "transcripts/m00003-b.json: "),
        (text("transcripts/m00003-b.md", "e", "E"), "transcripts/m00003-b.md: line "),
        (lambda run: (run / "transcripts/m00002-a.json").unlink(), "transcripts/m00002-a.json: is missing"),
        (lambda run: (run / "transcripts/m00099-a.json").write_text("{}"), "transcripts/m00099-a.json: the log knows"),
        (text("manifest.json", '"seed": 1', '"seed": 2'), "manifest.json: was changed after the run began"),
        (text("manifest.json", '"weight": 0.25', '"weight": 0.26'), "manifest.json"),
        (row(SPEECH, "UPDATE events SET body = replace(body, ' that ', ' THAT ')"), "(speech) was changed after"),
        (row("20", "UPDATE events SET body = '{'"), "the event log is damaged at event 20"),
        (row("20", "UPDATE events SET at = '2020-01-01T00:00:00.000Z'"), "log: event 20 "),
        (row("20", "UPDATE events SET kind = 'resumed'"), "log: event 20 "),
        (row("20", "DELETE FROM events"), "log: event 20 is missing"),
        (row(LAST, "DELETE FROM events"), "log: it does not end with the end of a run"),
        (row("1", "DELETE FROM events"), "log: event 1 is missing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_was_touched_is_named(
    tamper: Callable[[Path], None], named: str, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tamper(copy)
    line = quickly(capsys, "verify", f"run={copy}").complaint()
    assert named in line, line
    assert str(copy) in line or "event log" in line


def test_what_is_not_ours_is_refused_by_name(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A damaged run is neither resumed nor reported; each says why."""

    def refused(command: str) -> str:
        return quickly(capsys, command, f"run={copy}").complaint()

    whole = (copy / "manifest.json").read_text("utf-8")
    log = (copy / "events.sqlite").read_bytes()
    manifest = json.loads(whole)
    for command in ("resume", "report", "verify"):
        (copy / "manifest.json").write_text(json.dumps({**manifest, "layout": 99, "version": "9.9"}), "utf-8")
        assert "was made by version 9.9 of the engine (layout 99); this is" in refused(command)
        for broken in ("{", "[]", json.dumps({**manifest, "spec": 3}), '{"layout": 1}'):
            (copy / "manifest.json").write_text(broken, "utf-8")
            assert "manifest.json is damaged" in refused(command)
        (copy / "manifest.json").write_bytes(b"\xff\xfe\x00")
        assert "manifest.json is damaged" in refused(command)
        (copy / "manifest.json").write_text(whole, "utf-8")
        (copy / "events.sqlite").unlink()
        assert "events.sqlite is missing" in refused(command)
        assert not (copy / "events.sqlite").exists()
        (copy / "events.sqlite").write_bytes(b"this is no database, whatever its name says" * 100)
        assert "events.sqlite" in refused(command)
        (copy / "events.sqlite").write_bytes(log)
    row("30", "UPDATE events SET body = '{'")(copy)
    for command in ("resume", "report", "verify"):
        assert "event 30" in refused(command)
    row("30", "DELETE FROM events")(copy)
    for command in ("resume", "report"):
        assert "event 30 is missing; verify run=" in refused(command)


def test_ballots_that_nobody_waits_for_are_refused(
    copy: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    before = events(copy)
    line = quickly(capsys, "resume", f"run={copy}", f"ballots={copy / 'ballots.jsonl'}").complaint()
    assert "ballot 1: no ballot is awaited on m00001 leg a by scripted-east" in line
    assert (
        "matchups: must be greater than or equal to 1 (it is 0)"
        in quickly(capsys, "resume", f"run={copy}", "budget.matchups=0").complaint()
    )
    assert events(copy) == before


def test_a_run_that_a_live_process_writes_is_left_alone(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import subprocess

    code = (
        "import sys, time; from pathlib import Path; from debate.store.run import RunFolder\n"
        "folder = RunFolder.open(Path(sys.argv[1]), write=True); print('held', flush=True); time.sleep(600)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(copy)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        line = quickly(capsys, "resume", f"run={copy}").complaint()
        assert line == f"run={copy} is being written by a live process (pid {holder.pid}); stop that one first"
        assert quickly(capsys, "verify", f"run={copy}").code == 0
    finally:
        holder.kill()
        holder.wait()
        assert holder.stdout is not None
        holder.stdout.close()


def test_a_folder_with_a_run_is_not_written_over(played: Done, away: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in away.rglob("*")}
    done = debate("tournament", "tournaments=smoke", "run.dir=the run", cwd=away)
    assert "run.dir=the run: a run is there; choose another, or go on with: resume run=the run" in done.complaint()
    assert {path: path.stat().st_mtime_ns for path in away.rglob("*")} == before


def test_a_recorded_roster_speaks_from_the_run(copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The transcripts are what `recorded` reads; models says that each of them answers."""
    folder = write_configuration(
        tmp_path / "own",
        {
            "debaters/mine": {"contestants": [{"id": "again", "provider": "recorded", "model": str(copy)},
                                              *speakers()["contestants"][:1]]},
            "judges/mine": panel(CHECKLIST),
        },
    )  # fmt: skip
    shown = quickly(capsys, "tournament", "debaters=mine", "judges=mine", "--config-dir", str(folder), "--cfg", "job")
    assert shown.code == 0
    assert "provider: recorded" in shown.out
