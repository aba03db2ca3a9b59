"""The stand-in provider itself."""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.servers.protocol import ProtocolServer, common_prefix


def test_common_prefix() -> None:
    assert common_prefix("", "abc") == 0
    assert common_prefix("abcd", "abxd") == 2
    assert common_prefix("abc", "abcd") == 3


def test_prefixes_are_measured_over_all_requests() -> None:
    server = ProtocolServer()

    def body(*texts: str) -> dict[str, object]:
        return {"messages": [{"role": "user", "content": text} for text in texts]}

    server.requests = [body("aaaa"), body("zz"), body("aaaa", "bb")]
    head = len("\nuser: ")
    total = (head + 4) + (head + 2) + (2 * head + 6)
    assert server.share_prefix() == (head + (head + 4)) / total


def test_it_runs_in_a_thread() -> None:
    with ProtocolServer(words=7).run_in_thread() as server:
        body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]}).encode()
        call = urllib.request.Request(f"{server.base_url}/chat/completions", body, {"content-type": "application/json"})
        with urllib.request.urlopen(call, timeout=5) as answer:
            reply = json.load(answer)
    assert len(reply["choices"][0]["message"]["content"].split()) == 7
    assert server.count == 1 and server.paths == ["/v1/chat/completions"]
