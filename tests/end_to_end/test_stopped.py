"""Runs that are stopped: by Ctrl-C, by kill -9 of the director, by the death of workers. None of it changes a run."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.end_to_end.playing import (
    CHECKLIST,
    EASTERN,
    WESTERN,
    Cluster,
    Playing,
    calls,
    content,
    debate,
    events,
    json_of,
    logged,
    panel,
    quickly,
    speakers,
    wait_until,
    write_configuration,
)

pytestmark = [pytest.mark.ray, pytest.mark.slow]

#: Seconds a call takes, and what is played: some 400 calls in a dozen seconds, so that there is time to be killed in.
DELAY = 0.2
MATCHUPS = 14

LIVES = 20

#: How the workers call themselves.
HOST, HALL = "ray::KeyedHost", "ray::LinkedHall"


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stopped")
    judges = [{**judge, "params": {"delay": DELAY}} for judge in (EASTERN, WESTERN)]
    write_configuration(
        folder / "own", {"debaters/mine": speakers(delay=DELAY), "judges/mine": panel(*judges, CHECKLIST)}
    )
    return folder


def tournament(run: str, matchups: int = MATCHUPS) -> list[str]:
    return [
        "tournament", "tournaments=smoke", "debaters=mine", "judges=mine", "--config-dir", "own", f"run.dir={run}",
        f"budget.matchups={matchups}", "cluster.debates=16",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def whole(away: Path, cluster: Cluster) -> Path:
    """A run that nobody disturbed."""
    done = debate(*tournament("whole"), cluster.place, cwd=away, **cluster.environment)
    assert (done.code, done.err) == (0, "")
    return away / "whole"


def assert_equal(run: Path, whole: Path) -> None:
    """Makes sure that a run that was stopped has become what one that was not stopped is."""
    assert content(run) == content(whole)
    assert {file.name: file.read_text() for file in (run / "transcripts").glob("*.md")} == {
        file.name: file.read_text() for file in (whole / "transcripts").glob("*.md")
    }
    assert json_of(run / "standings.json") == json_of(whole / "standings.json")
    keys = Counter(call["key"] for call in calls(run))
    assert [key for key, times in keys.items() if times > 1] == []
    assert set(keys) == {call["key"] for call in calls(whole)}
    costs = json_of(run / "costs.json")["total"]
    assert costs["calls"] == len(keys) == json_of(whole / "costs.json")["total"]["calls"]


def test_killed_again_and_again_a_run_ends_as_if_nothing_had_been(
    away: Path, whole: Path, cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    """The director is killed at random moments, from its first breath on; each time another goes on."""
    lot = random.Random(7)
    run = away / "killed"
    start = [*tournament("killed"), cluster.place]
    go_on = ["resume", "run=killed"]
    for _ in range(LIVES):
        begun = (run / "manifest.json").exists()
        before = logged(run)
        with Playing(*(go_on if begun else start), cwd=away, **cluster.environment) as director:
            if lot.random() < 0.2:  # before it plays
                time.sleep(lot.uniform(0.3, 2.5))
            else:
                wait_until(lambda seen=before, d=director: logged(run) > seen + 3 or not d.running, 120, "it plays")
                time.sleep(lot.uniform(0.0, 0.5))
            director.kill()
    assert len([event for event in events(run) if event.kind == "resumed"]) >= LIVES // 2
    done = debate(*go_on, cwd=away, **cluster.environment)
    assert (done.code, done.err) == (0, "")
    assert_equal(run, whole)
    assert quickly(capsys, "verify", f"run={run}").code == 0


def test_nothing_that_a_killed_director_started_goes_on(away: Path, whole: Path) -> None:
    """On one machine, Ray starts and ends with the run: also when the run's process is killed. Then it goes on."""
    with Playing(*tournament("orphans"), cwd=away) as director:
        director.plays_on_until(60, away / "orphans")
        assert director.processes(HOST)
        assert director.processes(HALL)
        director.kill()
        killed = time.monotonic()
        wait_until(
            lambda: not director.processes(HOST) and not director.processes(HALL),
            15, "hosts and halls are gone",
        )  # fmt: skip
        made = calls(away / "orphans")
        assert time.monotonic() - killed < 15
        time.sleep(1)
        assert calls(away / "orphans") == made
    with Playing("resume", "run=orphans", cwd=away) as director:
        director.plays_on_until(logged(away / "orphans") + 20, away / "orphans")
        director.send(signal.SIGTERM)
        done = director.end()
        assert (done.code, done.err) == (130, "")
        wait_until(lambda: not director.processes(), 20, "all of Ray is gone")
    assert events(away / "orphans")[-1].body == {"reason": "interrupted"}


def test_workers_that_die_are_replaced_and_their_debates_go_on(away: Path, whole: Path) -> None:
    with Playing(*tournament("workers"), cwd=away) as director:
        for enough, role in ((40, HOST), (90, HALL), (140, HOST)):
            director.plays_on_until(enough, away / "workers")
            (pid,) = director.processes(role)
            os.kill(pid, signal.SIGKILL)
        done = director.end()
    assert done.code == 0, done.err
    assert_equal(away / "workers", whole)


def test_ctrl_c_saves_everything_and_the_run_can_go_on(
    away: Path, whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = away / "interrupted"
    with Playing(*tournament("interrupted"), cwd=away) as director:  # while Ray starts
        wait_until(lambda: director.processes("gcs_server"), 60, "Ray starts")
        director.ctrl_c()
        done = director.end()
        assert (done.code, done.err) == (130, "")
        wait_until(lambda: not director.processes(), 20, "all of Ray is gone")
    assert [event.kind for event in events(run)] == ["run_started", "stopped"]
    assert quickly(capsys, "verify", f"run={run}").code == 0

    with Playing("resume", f"run={run}", cwd=away) as director:  # in the middle
        director.plays_on_until(100, run)
        director.ctrl_c()
        done = director.end()
        assert (done.code, done.err) == (130, "")
        assert "stopped: interrupted" in done.out
        assert f"python -m debate resume run={run}" in done.out
        wait_until(lambda: not director.processes(), 20, "all of Ray is gone")
    assert events(run)[-1].kind == "stopped"
    assert quickly(capsys, "verify", f"run={run}").code == 0
    assert (run / "report" / "index.html").is_file()

    done = debate("resume", f"run={run}", cwd=away)
    assert (done.code, done.err) == (0, "")
    assert_equal(run, whole)
    assert quickly(capsys, "verify", f"run={run}").code == 0
