"""The event log: append, read, follow. One writer; SQLite by default, PostgreSQL by URL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import sqlalchemy as sa

from debate.core.errors import UserError
from debate.core.event import GENESIS, Draft, Event, event_hash
from debate.core.noun import canonical
from debate.store.clock import now

_TABLE = sa.Table(
    "events",
    sa.MetaData(),
    sa.Column("run", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("matchup", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("prev", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)


class EventLog:
    """The events of one run, in order. An event that `append` returned survives the death of the process."""

    def __init__(self, url: str, run: str) -> None:
        self._run = run
        try:
            self._engine = sa.create_engine(url)
            if self._engine.dialect.name == "sqlite":
                sa.event.listen(self._engine, "connect", _prepare_sqlite)
            self._connection = self._engine.connect()
            # Not create_all, which looks first: a reader may open a log in the moment in which it is made.
            self._connection.execute(sa.schema.CreateTable(_TABLE, if_not_exists=True))
            self._connection.commit()
            last = self._connection.execute(
                sa.select(_TABLE.c.seq, _TABLE.c.hash).where(_TABLE.c.run == run).order_by(_TABLE.c.seq.desc()).limit(1)
            ).first()
            self._connection.rollback()
        except ModuleNotFoundError as error:
            raise UserError(
                f"store.url={_shown(url)}: needs the package {error.name}; install debate-tournament[postgres]"
            ) from error
        except sa.exc.SQLAlchemyError as error:
            raise UserError(f"the event log {_shown(url)} cannot be opened: {_first_line(error)}") from error
        self._seq: int = last.seq if last else 0
        self._head: str = last.hash if last else GENESIS

    def append(self, drafts: Sequence[Draft]) -> list[Event]:
        """Writes `drafts` in one transaction and returns them as events, numbered from 1 and chained."""
        at = now()
        events = []
        rows = []
        seq, head = self._seq, self._head
        for draft in drafts:
            seq += 1
            text = canonical(draft.body)
            body = json.loads(text)
            seal = event_hash(seq, at, draft.kind, draft.matchup, body, head)
            row = {"seq": seq, "at": at, "kind": draft.kind, "matchup": draft.matchup, "prev": head, "hash": seal}
            rows.append({"run": self._run, "body": text, **row})
            events.append(Event(body=body, **row))
            head = seal
        if rows:
            with self._connection.begin():
                self._connection.execute(sa.insert(_TABLE), rows)
            self._seq, self._head = seq, head
        return events

    def read(self, after: int = 0) -> Iterator[Event]:
        """Yields the events with a number above `after`, in order.

        Raises:
            UserError: the log is damaged; the line names the event.
        """
        query = sa.select(_TABLE).where(_TABLE.c.run == self._run, _TABLE.c.seq > after).order_by(_TABLE.c.seq)
        try:
            rows = self._connection.execute(query).all()
            self._connection.rollback()
        except sa.exc.SQLAlchemyError as error:
            raise UserError(f"the event log is damaged: {_first_line(error)}") from error
        for row in rows:
            try:
                yield Event(
                    seq=row.seq,
                    at=row.at,
                    kind=row.kind,
                    matchup=row.matchup,
                    body=json.loads(row.body),
                    prev=row.prev,
                    hash=row.hash,
                )
            except ValueError as error:
                raise UserError(f"the event log is damaged at event {row.seq}: {_first_line(error)}") from error

    def close(self) -> None:
        """Closes the connection; the log can be opened again."""
        self._connection.close()
        self._engine.dispose()


def broken_link(events: Iterable[Event]) -> str | None:
    """Returns words that name the first event whose number, chain or hash is wrong, or None where all hold."""
    head = GENESIS
    for seq, event in enumerate(events, 1):
        if event.seq != seq:
            return f"event {seq} is missing"
        if event.prev != head:
            return f"event {seq} does not follow the event before it"
        if event.hash != event_hash(event.seq, event.at, event.kind, event.matchup, event.body, event.prev):
            return f"event {seq} ({event.kind}) was changed after it was written"
        head = event.hash
    return None


def sqlite_url(path: Path) -> str:
    """Returns the SQLAlchemy URL of a SQLite file."""
    return f"sqlite:///{path}"


def _prepare_sqlite(connection: object, _record: object) -> None:
    # WAL lets readers follow while the director writes; NORMAL survives the death of the process, and after a power
    # cut the last moments may be missing but the log is whole.
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.close()


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]


def _shown(url: str) -> str:
    try:
        return sa.engine.make_url(url).render_as_string(hide_password=True)
    except sa.exc.ArgumentError:
        return url
