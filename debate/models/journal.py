"""The journal of answered calls: what a killed run has paid for, it need not pay for again."""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from debate.core.contestant import Model
from debate.core.errors import UserError
from debate.core.noun import digest
from debate.models.protocol import Fault, Reply, Request, Usage

#: Seconds for which a journal waits that another process holds: one that was killed may take a while to die.
LOCK_PATIENCE = 15.0
_LOCK_PAUSE = 0.1


class Question(NamedTuple):
    """What a call asks, the SHA-256 of its canonical JSON, and those of the messages, by which it lists them."""

    content: dict[str, Any]
    sha: str
    messages: tuple[str, ...]


class _Place(NamedTuple):
    sha: str
    offset: int
    size: int


def question(request: Request, model: Model) -> Question:
    """Returns all that may change the answer to a call: the model, its parameters and the messages."""
    messages = tuple(_sha(f"{m.role}\n{m.text}") for m in request.messages)
    content = {
        "provider": model.provider,
        "base_url": model.base_url,
        "model": model.model,
        "params": model.params,
        "messages": messages,
        "max_tokens": request.max_tokens,
        "schema": request.schema,
        "seed": request.seed,
        "digits": request.digits,
    }
    return Question(content, digest(content), messages)


def check(folder: Path) -> None:
    """Makes sure that the journals of a run, in its folder `calls`, can be read. A torn last line is no damage.

    Raises:
        UserError: a line is damaged; it names the file and the line.
    """
    for path in sorted(folder.glob("*.jsonl")):
        for _ in _lines(path):
            pass


def _lines(path: Path) -> Iterator[tuple[dict[str, Any], int, int]]:
    """Yields each whole line as an entry, with its offset and size. Raises UserError at a damaged one."""
    offset = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                break
            try:
                entry = json.loads(line)
                # Either is to be found again by its name.
                _ = hash(entry["message"] if "message" in entry else (entry["key"], entry["sha"]))
                _ = "message" in entry or entry["reply"]
            except (ValueError, LookupError, TypeError) as error:
                raise UserError(
                    f"{path}: line {number} is damaged; delete it, and its call will be made again"
                ) from error
            yield entry, offset, len(line)
            offset += len(line)


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


class Journal:
    """An append-only file of JSON lines.

    A call is `key`, `sha`, `who`, `question`, `reply`; its `sha` is the SHA-256 of its question in canonical JSON. The
    calls of a speaker repeat each other's messages, so a question lists them by the SHA-256 of role, line feed and
    text, and a line `message`, `role`, `text` before the first such call gives each in full.

    A call is handed to the operating system in one piece before anybody sees the reply, so that a killed process loses
    none. A machine that loses power may lose the last ones. Replies stay on disk; only their places are kept in memory.
    """

    def __init__(self, path: Path) -> None:
        """Opens the journal, or begins one, for this process alone. A last line that was torn by a crash is cut off.

        Raises:
            UserError: a line before the last is damaged, or a live process holds the file.
        """
        self._path = path
        self._places: dict[str, _Place] = {}
        self._messages: set[str] = set()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            self._lock()
            self._end = self._load()
        except BaseException:
            os.close(self._file)
            raise

    def __len__(self) -> int:
        return len(self._places)

    def find(self, request: Request, asked: Question) -> Reply | None:
        """Returns the reply to a call with this key and this content, if it was answered.

        Raises:
            UserError: somebody else changed the file.
        """
        place = self._places.get(request.key)
        if place is None or place.sha != asked.sha:
            return None
        try:
            entry = json.loads(os.pread(self._file, place.size, place.offset))
            if entry["key"] == request.key:
                return _reply(entry["reply"])
        except (ValueError, LookupError, TypeError):
            pass
        raise UserError(f"{self._path} was changed while it was in use; resume the run")

    def write(self, request: Request, asked: Question, reply: Reply) -> None:
        """Appends an answered call, and before it the messages that the file does not have yet."""
        fresh = {
            sha: message
            for sha, message in zip(asked.messages, request.messages, strict=True)
            if sha not in self._messages
        }
        lines = [_line({"message": sha, "role": m.role, "text": m.text}) for sha, m in fresh.items()]
        head = {"key": request.key, "sha": asked.sha, "who": request.who, "question": asked.content}
        call = _line({**head, "reply": dataclasses.asdict(reply)})
        data = b"".join([*lines, call])
        written = 0
        try:
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError:  # a part of a line must not stand before the next one
            os.ftruncate(self._file, self._end)
            raise
        self._end += len(data)
        self._messages.update(fresh)
        self._places[request.key] = _Place(asked.sha, self._end - len(call), len(call))

    def close(self) -> None:
        """Closes the file."""
        os.close(self._file)

    def _lock(self) -> None:
        """Takes the file for this process alone, since places in it hold only while nobody else appends to it."""
        until = time.monotonic() + LOCK_PATIENCE
        while True:
            try:
                return fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise UserError(f"{self._path} is being written by another process; stop that one first") from None
            time.sleep(_LOCK_PAUSE)

    def _load(self) -> int:
        end = 0
        for entry, offset, size in _lines(self._path):
            if "message" in entry:
                self._messages.add(entry["message"])
            else:
                self._places[entry["key"]] = _Place(entry["sha"], offset, size)
            end = offset + size
        os.ftruncate(self._file, end)
        return end


def _line(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _reply(stored: dict[str, Any]) -> Reply:
    digits = stored["digits"]
    return Reply(
        **{
            **stored,
            "usage": Usage(**stored["usage"]),
            "digits": {int(digit): p for digit, p in digits.items()} if digits is not None else None,
            "faults": tuple(Fault(**fault) for fault in stored["faults"]),
        }
    )
