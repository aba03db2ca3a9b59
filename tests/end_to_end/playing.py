"""Commands run as a user would run them: in a process of their own, from a folder outside the repository."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

import pytest
import yaml

from debate.__main__ import main
from debate.core.event import Event
from debate.store.log import EventLog, sqlite_url

#: Seconds after which a command that has not ended is stuck. A busy machine starts Ray in half a minute.
STUCK = 240.0

DEBATE = [sys.executable, "-m", "debate"]

SCRIPTED = [{"id": name, "provider": "scripted", "model": name, "params": {"skill": skill}}
            for name, skill in (("ada", 0.9), ("ben", 0.65), ("cleo", 0.4), ("dan", 0.15))]  # fmt: skip

EASTERN = {"id": "east", "kind": "model", "provider": "scripted", "model": "judge", "family": "east"}
WESTERN = {"id": "west", "kind": "model", "provider": "scripted", "model": "judge", "family": "west"}
CHECKLIST = {"id": "checklist", "kind": "checklist"}


class Done(NamedTuple):
    """How a command ended: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    def complaint(self) -> str:
        """Returns the one line by which a command refuses, without its `debate: `."""
        assert self.code == 1, self
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("debate: "), self.err
        return lines[0].removeprefix("debate: ")


def environment(**more: str) -> dict[str, str]:
    """Returns this process's environment without anything that a command could take for its own."""
    kept = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY") and not k.startswith(("RAY_", "HYDRA_"))}
    return {**kept, "COLUMNS": "200", **more}


def debate(*arguments: str, cwd: Path, **more: str) -> Done:
    """Runs a command to its end."""
    done = subprocess.run(
        [*DEBATE, *arguments],
        cwd=cwd,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=STUCK,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def quickly(capsys: pytest.CaptureFixture[str], *arguments: str) -> Done:
    """Runs a command in this process, which saves the seconds of a start; for those that start nothing themselves."""
    capsys.readouterr()
    code = main(arguments)
    out, err = capsys.readouterr()
    return Done(code, out, err)


class Playing:
    """A command while it runs, in a session of its own so that all its processes are known by it."""

    def __init__(self, *arguments: str, cwd: Path, **more: str) -> None:
        self._files = [cwd / f"{name}-{time.monotonic_ns()}" for name in ("out", "err")]
        out, err = (file.open("w") for file in self._files)
        self._process = subprocess.Popen(
            [*DEBATE, *arguments], cwd=cwd, env=environment(**more), stdout=out, stderr=err, start_new_session=True
        )
        out.close()
        err.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.kill()
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)

    @property
    def running(self) -> bool:
        """Whether the command has not ended yet."""
        return self._process.poll() is None

    @property
    def out(self) -> str:
        """What it wrote to standard output so far."""
        return self._files[0].read_text()

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to the command alone, not to the processes that it started."""
        self._process.send_signal(number)

    def ctrl_c(self) -> None:
        """Does what a terminal does at Ctrl-C: the signal goes to all processes of the group."""
        os.killpg(self._process.pid, signal.SIGINT)

    def kill(self) -> None:
        """Kills the command, and nothing that it started."""
        self._process.kill()
        self._process.wait()

    def plays_on_until(self, events: int, run: Path) -> None:
        """Waits until the run's log has more than so many events."""
        wait_until(lambda: logged(run) > events or not self.running, STUCK, f"{events} events in {run}")
        assert logged(run) > events, self.end()

    def end(self) -> Done:
        """Waits for the end."""
        code = self._process.wait(STUCK)
        return Done(code, *(file.read_text() for file in self._files))

    def processes(self, words: str = "") -> list[int]:
        """Returns the processes of its session that live and have `words` in their command line, without itself."""
        return [pid for pid in in_session(self._process.pid, words) if pid != self._process.pid]


def in_session(session: int, words: str = "") -> list[int]:
    """Returns the processes of a session that live and have `words` in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            # The name, in brackets, may hold anything; after it come state, parent, group and session.
            state, _, _, owner = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if owner == str(session) and state != "Z" and words in line:
            found.append(int(entry.name))
    return found


def wait_until(condition: Any, seconds: float, what: str) -> None:
    """Waits until `condition()` is true. Fails after `seconds`."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"after {seconds:g} seconds still not: {what}"
        time.sleep(0.02)


def write_configuration(folder: Path, files: Mapping[str, Any]) -> Path:
    """Writes a user's own configuration folder: `debaters/mine` and so on, each with what it holds, or its text."""
    for name, holds in files.items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(holds if isinstance(holds, str) else yaml.safe_dump(holds, allow_unicode=True), "utf-8")
    return folder


def speakers(**params: Any) -> dict[str, Any]:
    """Returns a roster of scripted speakers, each with these parameters."""
    return {"contestants": [{**entry, "params": {**entry["params"], **params}} for entry in SCRIPTED]}


def panel(*judges: dict[str, Any], seats: int = 3) -> dict[str, Any]:
    """Returns a panel of these judges."""
    return {"rubric": "standard", "seats": seats, "judges": list(judges)}


def events(run: Path) -> list[Event]:
    """Returns the events of a run in order."""
    log = EventLog(sqlite_url(run / "events.sqlite"), json.loads((run / "manifest.json").read_text())["run"])
    try:
        return list(log.read())
    finally:
        log.close()


def logged(run: Path) -> int:
    """Returns how many events a run's log has, 0 where there is none yet. Looks on without touching it."""
    try:
        with closing(sqlite3.connect(f"file:{run / 'events.sqlite'}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM events").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def content(run: Path) -> list[str]:
    """Returns what a run's log says, without times and without which of two debates came first."""

    def timeless(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: timeless(v) for k, v in value.items() if k not in ("at", "seconds")}
        return [timeless(item) for item in value] if isinstance(value, list) else value

    kept = [event for event in events(run) if event.kind not in ("run_started", "resumed", "stopped")]
    return sorted(f"{event.matchup} {event.kind} {timeless(event.body)}" for event in kept)


def json_of(path: Path) -> Any:
    """Returns the value of a JSON file."""
    return json.loads(path.read_text("utf-8"))


def lines_of(path: Path) -> list[dict[str, Any]]:
    """Returns the objects of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def calls(run: Path) -> list[dict[str, Any]]:
    """Returns the answered calls in a run's journals."""
    return [line for file in sorted((run / "calls").glob("*.jsonl")) for line in lines_of(file) if "reply" in line]


class Cluster(NamedTuple):
    """A Ray cluster that outlives the commands that join it: its place, what joining it takes, and Ray's own logs."""

    place: str
    environment: dict[str, str]
    logs: Path


@contextmanager
def standing_cluster(folder: Path) -> Iterator[Cluster]:
    """Starts a cluster on this machine's loopback, and ends it."""
    code = (
        "import ray, sys\n"
        "info = ray.init(address='local', num_cpus=1, object_store_memory=80 * 2**20, include_dashboard=False,\n"
        "                log_to_driver=False, logging_level='ERROR')\n"
        "found = [info.address_info[key] for key in ('gcs_address', 'session_dir')]\n"
        "print(*found, file=open(sys.argv[1], 'w'), flush=True)\n"
        "sys.stdin.read()\n"
        "ray.shutdown()\n"
    )
    # By its name one would not think it, but the last is what makes Ray keep to loopback.
    open_to_all = {"RAY_AUTH_MODE": "disabled"}
    alone = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
    file = folder / "address"
    with (folder / "cluster.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(file)], env=environment(**open_to_all, **alone),
            stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    assert process.stdin is not None
    try:
        wait_until(lambda: file.exists() and file.read_text().endswith("\n"), STUCK, "the cluster has started")
        address, session = file.read_text().split()
        yield Cluster(f"cluster.address={address}", open_to_all, Path(session) / "logs")
    finally:
        process.stdin.close()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pid in in_session(process.pid):
            os.kill(pid, signal.SIGKILL)
