"""The log in a real PostgreSQL, started for the test and thrown away."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from debate.core.errors import UserError
from debate.core.event import Draft
from debate.store.log import EventLog, broken_link


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def _as_owner() -> list[str]:
    """Returns what makes a command run as a user that PostgreSQL accepts: it refuses root."""
    if os.getuid() != 0:
        return []
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("PostgreSQL refuses root, and there is no user postgres to run it as")
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    owner = _as_owner()
    folder = Path("/tmp") / f"debate-pg-{os.getpid()}"
    folder.mkdir()
    if owner:
        shutil.chown(folder, "postgres", "postgres")
    data = folder / "data"
    try:
        subprocess.run(
            [*owner, programs / "initdb", "-D", data, "-U", "debate", "-A", "trust", "--no-sync"], check=True, stdout=-3
        )
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        start = [programs / "pg_ctl", "-D", data, "-o", options, "-w", "-l", folder / "log", "start"]
        subprocess.run([*owner, *start], check=True, stdout=-3)
        yield f"postgresql+psycopg://debate@/postgres?host={folder}"
        subprocess.run([*owner, programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"], check=True, stdout=-3)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_the_log_is_the_same_in_postgres(server: str) -> None:
    log = EventLog(server, "run")
    body = {"leg": "a", "text": "论点 \x00 \ud800 'quoted' \\u0000"}
    log.append([Draft("leg_done", "m00001", body), Draft("leg_done", "m00001", {"leg": "b"})])
    log.close()
    again = EventLog(server, "run")
    again.append([Draft("stopped", "", {"reason": "played"})])
    events = list(again.read())
    assert [event.seq for event in events] == [1, 2, 3]
    assert events[0].body["text"] == "论点 \x00 ? 'quoted' \\u0000"
    assert broken_link(events) is None
    assert list(EventLog(server, "another").read()) == []
    again.close()


def test_an_unreachable_database_is_one_line_without_the_password() -> None:
    with pytest.raises(UserError) as caught:
        EventLog("postgresql+psycopg://debate:secret@/postgres?host=/nowhere", "run")
    assert "cannot be opened" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)
