"""The journal of answered calls."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from debate.core.errors import UserError
from debate.models import journal as journals
from debate.models.journal import Journal, check, question
from debate.models.protocol import Fault, Message, Reply, Usage
from tests.models.asking import model, request

REPLY = Reply(
    "m0001/a/pro_opening/0", "truncated", "Text “ü” 好 \ud800", Usage(5, 2, 9), 1.5, 0.25, "m1",
    {d: d / 45 for d in range(1, 10)}, (Fault("retry", "broke", 0.5, 0), Fault("truncated", "cap")),
)  # fmt: skip
ASKED = question(request(), model())


def test_what_is_written_is_found_also_later(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "deep" / "calls.jsonl")
    assert journal.find(request(), ASKED) is None
    journal.write(request(), ASKED, REPLY)
    journal.write(request(key="other"), ASKED, Reply("other", "ok", "b"))
    assert journal.find(request(), ASKED) == REPLY
    journal.close()
    again = Journal(tmp_path / "deep" / "calls.jsonl")
    assert len(again) == 2
    assert again.find(request(), ASKED) == REPLY
    again.close()


def test_another_question_under_the_same_key_is_not_answered(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "calls.jsonl")
    journal.write(request(), ASKED, REPLY)
    for asked in (
        question(request("Speak up."), model()),
        question(request(seed=1), model()),
        question(request(max_tokens=9), model()),
        question(request(), model(params={"temperature": 1})),
        question(request(), model(model="m2")),
    ):
        assert journal.find(request(), asked) is None


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_lines_can_be_checked_from_outside(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "calls.jsonl")
    journal.write(request(), ASKED, REPLY)
    *messages, call = map(json.loads, (tmp_path / "calls.jsonl").read_text().splitlines())
    texts = {m["message"]: (m["role"], m["text"]) for m in messages}
    assert [texts[sha] for sha in call["question"]["messages"]] == [("system", "You debate."), ("user", "Speak.")]
    assert all(sha256(f"{role}\n{text}") == sha for sha, (role, text) in texts.items())
    text = json.dumps(call["question"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert sha256(text) == call["sha"]


def test_a_message_is_stored_once_also_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    manual = "You debate by this manual. " * 800
    said: list[Message] = [Message("system", manual)]

    def write(journal: Journal, turn: int) -> None:
        said.append(Message("user" if turn % 2 == 0 else "assistant", f"Turn {turn}."))
        asked = request(key=str(turn), messages=tuple(said))
        journal.write(asked, question(asked, model()), Reply(str(turn), "ok", "b"))

    first = Journal(path)
    for turn in range(5):
        write(first, turn)
    first.close()
    again = Journal(path)
    for turn in range(5, 10):
        write(again, turn)
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    assert [entry["text"] for entry in entries if "message" in entry] == [m.text for m in said]
    calls = [entry for entry in entries if "key" in entry]
    assert [len(call["question"]["messages"]) for call in calls] == list(range(2, 12))
    assert path.stat().st_size < 1.5 * len(manual)
    asked = request(key="7", messages=tuple(said[:9]))
    assert again.find(asked, question(asked, model())) == Reply("7", "ok", "b")


def test_a_repeated_message_of_one_call_is_stored_once(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    journal = Journal(path)
    asked = request(messages=(Message("user", "Go on."), Message("assistant", "No."), Message("user", "Go on.")))
    journal.write(asked, question(asked, model()), REPLY)
    *messages, call = map(json.loads, path.read_text().splitlines())
    assert [m["text"] for m in messages] == ["Go on.", "No."]
    assert call["question"]["messages"][0] == call["question"]["messages"][2] == messages[0]["message"]


def test_messages_whose_call_was_torn_off_are_not_stored_again(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    journal = Journal(path)
    journal.write(request(), ASKED, REPLY)
    journal.close()
    whole = path.read_bytes()
    os.truncate(path, len(whole) - 10)
    journal = Journal(path)
    assert len(journal) == 0 and journal.find(request(), ASKED) is None
    journal.write(request(), ASKED, REPLY)
    assert path.read_bytes() == whole
    assert journal.find(request(), ASKED) == REPLY


def test_a_full_disk_leaves_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    journal = Journal(path)
    journal.write(request(), ASKED, REPLY)
    whole = path.read_bytes()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 2000, before[1]))
    try:
        with pytest.raises(OSError):
            journal.write(request(key="long"), ASKED, Reply("long", "ok", "x" * 5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == whole
    journal.write(request(key="next"), ASKED, Reply("next", "ok", "c"))
    journal.close()
    assert Journal(path).find(request(key="next"), ASKED) == Reply("next", "ok", "c")


@pytest.mark.parametrize("torn", [b'{"key": "k', b"{}", b"\xff\xfe"])
def test_a_torn_last_line_is_cut_off(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "calls.jsonl"
    journal = Journal(path)
    journal.write(request(), ASKED, REPLY)
    journal.close()
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    journal = Journal(path)
    assert len(journal) == 1 and path.read_bytes() == whole
    journal.write(request(key="next"), ASKED, Reply("next", "ok", "c"))
    journal.close()
    assert Journal(path).find(request(key="next"), ASKED) == Reply("next", "ok", "c")


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text('{"key": "a", "sha": "b", "reply": {}}\nrubbish\n{}\n')
    for opened in (lambda: Journal(path), lambda: check(tmp_path), lambda: Journal(path)):  # no lock is left behind
        with pytest.raises(UserError, match=r"calls.jsonl: line 2 is damaged"):
            opened()


@pytest.mark.parametrize(
    "line",
    ['{"key": "a", "sha": "b"}', '{"key": [], "sha": "b", "reply": {}}', '{"message": {}}', '"message"', "[]", "5"],
)
def test_what_is_neither_a_message_nor_a_call_is_damage(tmp_path: Path, line: str) -> None:
    (tmp_path / "host-0.jsonl").write_text(f'{{"message": "m", "role": "user", "text": ""}}\n{line}\n')
    with pytest.raises(UserError, match=r"host-0.jsonl: line 2 is damaged"):
        check(tmp_path)


def test_a_check_finds_whole_journals_and_a_torn_line_in_order_and_changes_nothing(tmp_path: Path) -> None:
    check(tmp_path / "no run was there")
    path = tmp_path / "host-0.jsonl"
    journal = Journal(path)
    journal.write(request(), ASKED, REPLY)
    whole = path.read_bytes() + b'{"key": "k'
    path.write_bytes(whole)
    check(tmp_path)  # also while the run goes on
    assert path.read_bytes() == whole
    journal.close()


def test_a_journal_has_one_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "calls.jsonl"
    first = Journal(path)
    monkeypatch.setattr(journals, "LOCK_PATIENCE", 0.2)
    with pytest.raises(UserError, match=r"calls.jsonl is being written by another process"):
        Journal(path)
    first.write(request(), ASKED, REPLY)
    monkeypatch.setattr(journals, "LOCK_PATIENCE", 10.0)
    threading.Timer(0.3, first.close).start()
    second = Journal(path)  # waited for the first to end
    assert second.find(request(), ASKED) == REPLY
    second.close()


def test_a_reply_to_another_call_is_never_given(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    journal = Journal(path)
    for key in ("a", "b"):
        journal.write(request(key=key), ASKED, Reply(key, "ok", key))
    messages, one, other = path.read_bytes().rsplit(b"\n", 3)[:3]
    for swapped in ([messages, other, one, b""], [messages[:-3], one, other, b""]):
        path.write_bytes(b"\n".join(swapped))
        with pytest.raises(UserError, match=r"calls.jsonl was changed while it was in use"):
            journal.find(request(key="a"), ASKED)
    journal.close()


def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    code = """
import itertools, sys
from pathlib import Path
from debate.models.journal import Journal
from tests.models.test_journal import ASKED, Reply, request
journal = Journal(Path(sys.argv[1]))
for i in itertools.count():
    journal.write(request(key=str(i)), ASKED, Reply(str(i), "ok", "x" * 5000))
    print(i, flush=True)
"""
    path = tmp_path / "calls.jsonl"
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert child.stdout is not None
    for _ in range(200):
        last = int(child.stdout.readline())
    child.send_signal(signal.SIGKILL)
    rest = child.stdout.read().split()
    child.wait()
    last = int(rest[-1]) if rest and rest[-1].isdigit() else last
    journal = Journal(path)
    assert all(journal.find(request(key=str(i)), ASKED) for i in range(last + 1))
