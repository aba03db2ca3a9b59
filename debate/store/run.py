"""The folder of a run: its manifest, its lock, its log, and the files that are written from the log."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import debate
from debate.core.errors import UserError
from debate.core.noun import Noun, canonical, digest
from debate.core.spec import TournamentSpec
from debate.store.log import EventLog, sqlite_url

#: The version of the layout of a run folder. A run of another version is refused rather than misread.
LAYOUT = 1

#: What a process that was killed while it made a run may leave behind.
_BEFORE_MANIFEST = ("run.lock", ".manifest.json.new")


class Manifest(Noun):
    """What is fixed before the first debate. `motions` holds a commitment (SHA-256) for each motion by id."""

    layout: int
    run: str
    version: str
    revision: str
    created: str
    spec: TournamentSpec
    motions: dict[str, str]
    packages: dict[str, str]

    @property
    def sha256(self) -> str:
        """The manifest's own hash, which the first event of the log holds."""
        return digest(self.model_dump(mode="json"))


class RunFolder:
    """One run on disk, held by this process alone while it is open for writing."""

    def __init__(self, path: Path, manifest: Manifest, lock: int | None) -> None:
        self.path = path
        self.manifest = manifest
        self._lock = lock
        if lock is not None:
            for name in ("transcripts", "calls"):
                (path / name).mkdir(exist_ok=True)

    @property
    def untouched(self) -> bool:
        """Whether no model was ever asked in this run: it was killed in the moment in which it was made."""
        return not any((self.path / "calls").glob("*"))

    @classmethod
    def create(cls, path: Path, manifest: Manifest) -> RunFolder:
        """Makes the folder with its manifest and locks it.

        Raises:
            UserError: the folder exists and is not empty, or cannot be made.
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
            if (path / "manifest.json").exists():
                raise UserError(f"run.dir={path}: a run is there; choose another, or go on with: resume run={path}")
            if any(entry.name not in _BEFORE_MANIFEST for entry in path.iterdir()):
                raise UserError(f"run.dir={path}: the folder is not empty; choose another")
            lock = _take_lock(path)
            write_atomically(
                path / "manifest.json", json.dumps(manifest.model_dump(mode="json"), indent=1, ensure_ascii=False)
            )
            return cls(path, manifest, lock)
        except FileExistsError:
            raise UserError(f"run.dir={path}: it is a file, not a folder; choose another") from None
        except OSError as error:
            raise UserError(f"run.dir={path}: it cannot be made ({error.strerror or error}); choose another") from error

    @classmethod
    def open(cls, path: Path, *, write: bool) -> RunFolder:
        """Opens a run that exists, and locks it where it is to be written.

        Raises:
            UserError: there is no run, it is damaged, of another version, or held by a live process.
        """
        file = path / "manifest.json"
        if not file.is_file():
            raise UserError(f"run={path}: no run is there (manifest.json is missing)")
        try:
            data: dict[str, Any] = json.loads(file.read_text("utf-8"))
            if not isinstance(data, dict) or "layout" not in data:
                raise ValueError("it is not a manifest")
        except (ValueError, OSError) as error:
            raise UserError(f"{file} is damaged: {error}") from error
        if data["layout"] != LAYOUT:
            made_by = f"version {data.get('version', '?')} of the engine (layout {data['layout']})"
            raise UserError(f"run={path} was made by {made_by}; this is {debate.__version__} (layout {LAYOUT})")
        try:
            manifest = Manifest.model_validate(data)
        except ValidationError as error:
            first = error.errors()[0]
            raise UserError(f"{file} is damaged: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        try:
            return cls(path, manifest, _take_lock(path) if write else None)
        except OSError as error:
            raise UserError(f"run={path}: it cannot be written to ({error.strerror or error})") from error

    def log(self) -> EventLog:
        """Opens the run's event log.

        Raises:
            UserError: it is missing or cannot be opened.
        """
        url = self.manifest.spec.store.url
        file = self.path / "events.sqlite"
        if url is None and not file.is_file() and (self._lock is None or not self.untouched):
            raise UserError(f"run={self.path} is damaged: events.sqlite is missing")
        return EventLog(url or sqlite_url(file), self.manifest.run)

    def close(self) -> None:
        """Lets another process write to the run."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def write_atomically(path: Path, text: str) -> None:
    """Writes `text` so that a reader, or a crash, finds the old file or the new one, never a part."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, "utf-8")
    new.replace(path)


def jsonl(rows: list[dict[str, Any]]) -> str:
    """Returns `rows` as JSON Lines."""
    return "".join(canonical(row) + "\n" for row in rows)


def _take_lock(path: Path) -> int:
    handle = os.open(path / "run.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(handle, 32).decode(errors="replace").strip() or "unknown"
        os.close(handle)
        raise UserError(f"run={path} is being written by a live process (pid {holder}); stop that one first") from None
    os.ftruncate(handle, 0)
    os.write(handle, str(os.getpid()).encode())
    return handle
