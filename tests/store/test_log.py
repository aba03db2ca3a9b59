from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from debate.core.errors import UserError
from debate.core.event import GENESIS, Draft
from debate.store.log import EventLog, broken_link, sqlite_url

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def drafts(count: int) -> list[Draft]:
    return [Draft("leg_done", "m00001", {"leg": "a", "n": n}) for n in range(count)]


def test_events_are_numbered_and_chained_across_processes(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "events.sqlite")
    first = EventLog(url, "run")
    first.append(drafts(2))
    first.close()
    second = EventLog(url, "run")
    second.append(drafts(1))
    events = list(second.read())
    assert [event.seq for event in events] == [1, 2, 3]
    assert events[0].prev == GENESIS
    assert [event.prev for event in events[1:]] == [event.hash for event in events[:-1]]
    assert broken_link(events) is None
    assert [event.seq for event in second.read(after=2)] == [3]


def test_a_reader_follows_a_writer(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "events.sqlite")
    writer, reader = EventLog(url, "run"), EventLog(url, "run")
    writer.append(drafts(1))
    assert len(list(reader.read())) == 1
    writer.append(drafts(3))
    assert [event.seq for event in reader.read(after=1)] == [2, 3, 4]


def test_runs_share_a_database_without_mixing(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "events.sqlite")
    one, two = EventLog(url, "one"), EventLog(url, "two")
    one.append(drafts(2))
    two.append(drafts(1))
    assert [len(list(log.read())) for log in (one, two)] == [2, 1]


@settings(max_examples=60, deadline=None)
@given(body=st.dictionaries(st.text(), JSON, max_size=4))
def test_any_body_comes_back_with_its_hash(body: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> None:
    log = EventLog(sqlite_url(tmp_path_factory.mktemp("log") / "events.sqlite"), "run")
    written = log.append([Draft("leg_done", "m00001", body)])
    read = list(log.read())
    assert read == written
    assert broken_link(read) is None
    log.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("update events set body = replace(body, '1', '7') where seq = 2", "event 2 (leg_done) was changed"),
        ("update events set at = '2020-01-01' where seq = 3", "event 3 (leg_done) was changed"),
        ("delete from events where seq = 2", "event 2 is missing"),
        ("update events set prev = hash where seq = 2", "event 2 does not follow"),
    ],
)
def test_a_changed_log_is_found_out(tmp_path: Path, change: str, words: str) -> None:
    file = tmp_path / "events.sqlite"
    log = EventLog(sqlite_url(file), "run")
    log.append(drafts(4))
    log.close()
    with sqlite3.connect(file) as connection:
        connection.execute(change)
    connection.close()
    found = broken_link(EventLog(sqlite_url(file), "run").read())
    assert found is not None
    assert words in found


def test_a_file_that_is_no_log_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "events.sqlite"
    file.write_bytes(b"this is not a database, it is a sentence that is long enough" * 20)
    with pytest.raises(UserError, match=r"event log .* cannot be opened: file is not a database"):
        EventLog(sqlite_url(file), "run")


def test_a_broken_body_names_its_event(tmp_path: Path) -> None:
    file = tmp_path / "events.sqlite"
    log = EventLog(sqlite_url(file), "run")
    log.append(drafts(2))
    log.close()
    with sqlite3.connect(file) as connection:
        connection.execute("update events set body = 'no json' where seq = 2")
    connection.close()
    with pytest.raises(UserError, match="damaged at event 2"):
        list(EventLog(sqlite_url(file), "run").read())
