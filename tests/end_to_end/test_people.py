"""A match in Chinese that a person judges, one in English, and the quick start on a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from fcntl import ioctl
from pathlib import Path
from typing import Any

import pytest

from debate.models.weights import PACKAGED
from debate.motions.bank import load_packs
from tests.end_to_end.playing import (
    CHECKLIST,
    DEBATE,
    EASTERN,
    STUCK,
    Cluster,
    debate,
    environment,
    events,
    json_of,
    lines_of,
    panel,
    quickly,
    speakers,
    write_configuration,
)

pytestmark = [pytest.mark.ray, pytest.mark.slow]

ANNA = {"id": "anna", "kind": "human", "name": "Anna"}


def filled_in(ballot: dict[str, Any], preference: float) -> dict[str, Any]:
    """Returns a ballot as a person fills it in."""
    return {**ballot, "preference": preference, "scores": None, "reason": "她说得更清楚。"}


def written(file: Path, ballots: list[dict[str, Any]]) -> str:
    file.write_text("".join(json.dumps(ballot, ensure_ascii=False) + "\n" for ballot in ballots), "utf-8")
    return f"ballots={file}"


def test_a_person_judges_a_match_in_chinese(
    tmp_path: Path, cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    write_configuration(tmp_path / "own", {"debaters/mine": speakers(), "judges/mine": panel(CHECKLIST, ANNA)})
    text = "本院将在小学取消家庭作业。"
    done = debate(
        "match", "debaters=mine", "judges=mine", "--config-dir", "own", "language=zh", f"motion={text}",
        "category=education", "pro=ben", "con=dan", "run.dir=run", cluster.place,
        cwd=tmp_path, **cluster.environment,
    )  # fmt: skip
    run = tmp_path / "run"
    assert (done.code, done.err) == (0, "")
    assert "waits for the ballot of anna" in done.out
    assert text in done.out
    found = json_of(run / "transcripts" / "m00001-a.json")
    assert (found["language"], found["motion"]["text"], found["motion"]["category"]) == ("zh", text, "education")
    assert found["sides"] == {"pro": "ben", "con": "dan"}
    assert all(re.search("[\u4e00-\u9fff]", speech["text"]) for speech in found["speeches"])
    waiting = lines_of(run / "awaiting.jsonl")
    assert [(ballot["leg"], ballot["judge"]) for ballot in waiting] == [("a", "anna"), ("b", "anna")]
    assert [ballot["judge"] for ballot in lines_of(run / "ballots.jsonl")] == ["checklist", "checklist"]
    before = json_of(run / "standings.json")
    assert all(row["matchups"] == 0 for row in before["overall"])
    assert quickly(capsys, "verify", f"run={run}").code == 0

    count = len(events(run))
    a, b = waiting
    for ballots, words in (
        (
            [filled_in(a, 1), {**filled_in(b, 1), "judge": "otto"}],
            "ballot 2: no ballot is awaited on m00001 leg b by otto",
        ),
        ([{**filled_in(a, 1), "matchup": "m00009"}], "ballot 1: no ballot is awaited on m00009 leg a by anna"),
        ([{**filled_in(a, 1), "pro": a["con"], "con": a["pro"]}], "ballot 1: on m00001 leg a PRO is ben"),
        ([a], "line 1: "),
        ([filled_in(a, 5)], "line 1: preference is 5"),
    ):
        line = quickly(capsys, "resume", f"run={run}", written(tmp_path / "wrong.jsonl", ballots)).complaint()
        assert words in line
        assert "wrong.jsonl" in line
    assert len(events(run)) == count

    handed_in = written(tmp_path / "anna.jsonl", [filled_in(a, 2), filled_in(b, -2)])
    done = debate("resume", f"run={run}", handed_in, cwd=tmp_path, **cluster.environment)
    assert (done.code, done.err) == (0, "")
    ballots = {(ballot["leg"], ballot["judge"]): ballot for ballot in lines_of(run / "ballots.jsonl")}
    assert (ballots["a", "anna"]["preference"], ballots["b", "anna"]["preference"]) == (2, -2)
    assert (ballots["a", "anna"]["judge_kind"], ballots["a", "anna"]["reason"]) == ("human", "她说得更清楚。")
    assert not (run / "awaiting.jsonl").exists()
    after = json_of(run / "standings.json")
    assert [row["contestant"] for row in after["overall"]] == ["ben", "dan"]
    assert [row["matchups"] for row in after["overall"]] == [1, 1]
    assert after != before
    assert [event.kind for event in events(run)][-2:] == ["verdict", "stopped"]
    assert quickly(capsys, "verify", f"run={run}").code == 0
    page = (run / "report" / "index.html").read_text("utf-8")
    assert text in page


def test_a_match_on_a_motion_of_the_packs(tmp_path: Path, cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    write_configuration(tmp_path / "own", {"debaters/mine": speakers(), "judges/mine": panel(EASTERN, CHECKLIST)})
    motion = load_packs(["health"], [])[0].id
    done = debate(
        "match", "--config-dir", "own", "debaters=mine", "judges=mine", f"motion={motion}", "format=public_forum",
        "con=ada", cluster.place, cwd=tmp_path, **cluster.environment,
    )  # fmt: skip
    assert (done.code, done.err) == (0, "")
    (run,) = (tmp_path / "runs").iterdir()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-match", run.name)
    found = json_of(run / "transcripts" / "m00001-a.json")
    assert found["motion"]["id"] == motion
    assert found["format"] == "public_forum"
    assert found["sides"] == {"pro": "ben", "con": "ada"}
    assert {path.stem for path in (run / "transcripts").iterdir()} == {"m00001-a", "m00001-b"}
    assert {(ballot["leg"], ballot["judge"]) for ballot in lines_of(run / "ballots.jsonl")} == {
        ("a", "east"), ("a", "checklist"), ("b", "east"), ("b", "checklist"),
    }  # fmt: skip
    assert quickly(capsys, "verify", f"run={run}").code == 0


def on_a_terminal(arguments: list[str], cwd: Path, columns: int = 100, rows: int = 30) -> tuple[int, str]:
    """Runs a command on a terminal of this size; returns its exit code and all that the terminal was sent."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    env = {k: v for k, v in environment(TERM="xterm-256color").items() if k != "COLUMNS"}
    process = subprocess.Popen([*DEBATE, *arguments], cwd=cwd, env=env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    sent = b""
    until = time.monotonic() + STUCK
    try:
        while time.monotonic() < until:
            if select.select([ours], [], [], 0.5)[0]:
                try:
                    sent += os.read(ours, 65536)
                except OSError:  # the other end is closed
                    break
            elif process.poll() is not None:
                break
        return process.wait(10), sent.decode("utf-8", "replace")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours)


@pytest.mark.skipif(not any(__import__("importlib.util").util.find_spec(name) for name in PACKAGED.values()),
                    reason="the packaged model is not installed")  # fmt: skip
def test_the_local_model_debates_on_a_screen_that_comes_and_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Real words of a real model, on a real terminal, without a key."""
    steps = [{"id": f"{side}_opening", "side": side, "kind": "constructive", "words": 40} for side in ("pro", "con")]
    write_configuration(tmp_path / "own", {"format/tiny": {"name": "tiny", "notes": 0, "steps": steps}})
    code, sent = on_a_terminal(
        ["tournament", "format=tiny", "--config-dir", "own", "categories=[health]", "budget.matchups=1", "run.dir=run",
         "format.scale=0.5"],
        tmp_path,
    )  # fmt: skip
    assert code == 0, sent[-2000:]
    assert sent.count("\x1b[?1049h") == sent.count("\x1b[?1049l") == 1
    shown, left = sent.split("\x1b[?1049l")
    run = tmp_path / "run"
    speeches = [event.body["speech"] for event in events(run) if event.kind == "speech"]
    assert len(speeches) == 4
    assert all(speech["words"] > 3 for speech in speeches if speech["status"] == "spoken")
    assert any(speech["status"] == "spoken" for speech in speeches)
    assert "Not enough data" in left
    assert "report/index.html" in left
    assert "report/index.html" not in shown
    assert "\x1b[?25h" in left or "\x1b[?25h" in shown.rsplit("\x1b[?25l", 1)[-1]  # the cursor is back
    assert "Traceback" not in sent
    assert quickly(capsys, "verify", f"run={run}").code == 0
