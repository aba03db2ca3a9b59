"""The journal of answered calls."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from debate.core.errors import UserError
from debate.models.journal import Journal, question
from debate.models.protocol import Fault, Reply, Usage
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


def test_lines_can_be_checked_from_outside(tmp_path: Path) -> None:
    import hashlib

    journal = Journal(tmp_path / "calls.jsonl")
    journal.write(request(), ASKED, REPLY)
    line = json.loads((tmp_path / "calls.jsonl").read_text())
    assert line["question"]["messages"] == [["system", "You debate."], ["user", "Speak."]]
    text = json.dumps(line["question"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == line["sha"]


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
    path.write_text('{"key": "a", "sha": "b"}\nrubbish\n{}\n')
    with pytest.raises(UserError, match=r"calls.jsonl: line 2 is damaged"):
        Journal(path)


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
