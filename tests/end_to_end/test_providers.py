"""Tournaments over HTTP, against servers that speak the providers' protocols well and badly."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.playing import (
    Cluster,
    Done,
    calls,
    debate,
    events,
    json_of,
    lines_of,
    panel,
    quickly,
    write_configuration,
)
from tests.servers.protocol import ProtocolServer, Trouble, status

pytestmark = [pytest.mark.ray, pytest.mark.slow]

KEY = "sk-test-0123456789abcdef"
PRICE = {"input": 2.0, "cached": 0.5, "output": 8.0}

#: What goes wrong in turn, and the words by which the log has it.
TROUBLES: list[tuple[Trouble, str, str]] = [
    (status(429, "slow down", {"retry-after": "1"}), "rate_limit", "HTTP 429: slow down"),
    (status(500), "retry", "HTTP 500"),
    (status(529, "overloaded"), "retry", "HTTP 529: overloaded"),
    (Trouble("reset"), "retry", "connection lost"),
    (Trouble("reset_midway"), "retry", "connection lost"),
    (Trouble("hang"), "retry", "no sign of life in time"),
    (Trouble("hang_midway"), "retry", "no sign of life in time"),
    (Trouble("malformed"), "retry", "malformed JSON in the reply"),
    (Trouble("truncated"), "retry", ""),
    (Trouble("html"), "retry", ""),
    (Trouble("empty"), "empty", "no text"),
    (Trouble("refused"), "refused", ""),
    (Trouble("filtered"), "filtered", "content_filter"),
    (Trouble("length"), "truncated", ""),
]
#: These are replies, if poor ones: they are paid for, and not asked again under the same key.
REPLIES = ("empty", "refused", "filtered", "length")


class BadServer(ProtocolServer):
    """In each protocol every fourth request goes wrong, each time otherwise; the judge `mute` always refuses."""

    def __init__(self, **options: Any) -> None:
        super().__init__(faults=self.trouble, key=KEY, words=60, **options)
        self.troubles: dict[int, Trouble] = {}
        self.texts: dict[int, str] = {}
        self._turns = {"a": 0, "o": 0}

    def trouble(self, body: dict[str, Any], number: int) -> Trouble | None:
        found = None
        if body["model"] == "mute":
            found = Trouble("refused")
        else:
            protocol = body["model"].removeprefix("judge-")[0]
            turn = self._turns[protocol]
            self._turns[protocol] += 1
            if turn % 4 == 3:
                found = TROUBLES[turn // 4 % len(TROUBLES)][0]
            if found is not None and found.kind == "filtered" and protocol == "a":  # Messages has no such thing
                found = None
        if found is not None:
            self.troubles[number] = found
        return found

    def text(self, body: dict[str, Any], number: int, schema: dict[str, Any] | None) -> str:
        self.texts[number] = super().text(body, number, schema)
        return self.texts[number]

    def answered(self) -> list[tuple[int, dict[str, Any]]]:
        """Returns number and body of each request for which a reply came."""
        return [
            (number, body)
            for number, body in enumerate(self.requests)
            if number not in self.troubles or self.troubles[number].kind in REPLIES
        ]


@pytest.fixture(scope="module")
def server() -> Iterator[BadServer]:
    with BadServer(cached=7).run_in_thread() as server:
        assert isinstance(server, BadServer)
        yield server


def model(name: str, provider: str, url: str, **more: Any) -> dict[str, Any]:
    at = {"openai": f"{url}/v1", "anthropic": url}[provider]
    return {
        "id": name, "provider": provider, "model": name, "base_url": at, "api_key_env": "MY_API_KEY", "timeout": 2.0,
        "price": PRICE, **more,
    }  # fmt: skip


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory, server: BadServer) -> Path:
    folder = tmp_path_factory.mktemp("providers")
    url = server.url
    roster = [model("o1", "openai", url), model("o2", "openai", url), model("a1", "anthropic", url),
              model("a2", "anthropic", url, params={"temperature": 0.5})]  # fmt: skip
    judges = [
        {**model("judge-o", "openai", url, family="north"), "kind": "model"},
        {**model("judge-a", "anthropic", url, family="south"), "kind": "model"},
        {**model("mute", "openai", url, family="west"), "kind": "model"},
    ]
    write_configuration(folder / "own", {"debaters/mine": {"contestants": roster}, "judges/mine": panel(*judges)})
    return folder


MINE = ("tournaments=smoke", "debaters=mine", "judges=mine", "--config-dir", "own")


@pytest.fixture(scope="module")
def played(away: Path, cluster: Cluster) -> Done:
    return debate(
        "tournament", *MINE, "run.dir=run", "budget.usd=1000", cluster.place,
        cwd=away, MY_API_KEY=KEY, **cluster.environment,
    )  # fmt: skip


@pytest.fixture
def run(played: Done, away: Path) -> Path:
    assert played.code == 0, played.err
    return away / "run"


def test_it_completes_with_every_fault_in_the_log(run: Path, played: Done, server: BadServer) -> None:
    assert played.err == ""
    assert events(run)[-1].body == {"reason": "the budget of 6 matchups is played"}
    met = {trouble.kind for trouble in server.troubles.values()}
    assert met == {trouble.kind for trouble, _, _ in TROUBLES}, "too few requests for every trouble"
    faults = [event.body for event in events(run) if event.kind == "fault"]
    for trouble, kind, words in TROUBLES:
        assert any(f["fault"] == kind and words in f["detail"] for f in faults), (
            trouble,
            sorted({f["detail"] for f in faults}),
        )
    waits = [fault["wait"] for fault in faults if "HTTP 429" in fault["detail"]]
    assert waits
    assert all(1.0 <= wait < 2.0 for wait in waits)
    assert "faults" in played.out


def test_no_request_is_made_again_once_a_reply_has_come(run: Path, server: BadServer) -> None:
    answered = server.answered()
    costs = json_of(run / "costs.json")
    by_model = Counter(body["model"] for _, body in answered)
    paid = {**costs["contestants"], **costs["judges"]}
    assert {name: row["calls"] for name, row in paid.items()} == {name: by_model[name] for name in paid}
    assert costs["total"]["calls"] == len(answered) == len(calls(run))
    good = Counter(json.dumps(body, sort_keys=True) for number, body in answered if number not in server.troubles)
    assert [body for body, times in good.items() if times > 1] == []
    keys = Counter(call["key"] for call in calls(run))
    assert set(keys.values()) == {1}


def test_no_score_is_invented(run: Path, server: BadServer) -> None:
    """Every score on a ballot was sent by a server; a judge that said nothing has no ballot, and its voids are kept."""
    sent: Counter[str] = Counter()
    for number, body in server.answered():
        if body["model"] in ("judge-o", "judge-a") and number not in server.troubles:
            sent[json.dumps(json.loads(server.texts[number])["scores"], sort_keys=True)] += 1
    ballots = lines_of(run / "ballots.jsonl")
    forfeits = [event for event in events(run) if event.kind == "forfeit"]
    counted = Counter(json.dumps(b["scores"], sort_keys=True) for b in ballots if b["judge"].startswith("judge-"))
    whole = Counter({json.dumps(as_floats(json.loads(scores)), sort_keys=True): n for scores, n in sent.items()})
    assert counted == whole
    assert not any(ballot["judge"] == "mute" for ballot in ballots)
    void = [event.body for event in events(run) if event.kind == "ballot_void" and event.body["judge"] == "mute"]
    judged = [event for event in events(run) if event.kind == "leg_done"]
    assert len(void) == len(judged) - len(forfeits)
    assert all("refused" in body["cause"] for body in void)
    for ballot in ballots:
        if ballot["judge"] == "moderator":
            assert ballot["scores"] is None


def as_floats(scores: dict[str, dict[str, int]]) -> dict[str, dict[str, float]]:
    return {side: {name: float(score) for name, score in given.items()} for side, given in scores.items()}


def test_money_is_counted_as_the_price_says(run: Path) -> None:
    costs = json_of(run / "costs.json")
    for row in (*costs["contestants"].values(), *costs["judges"].values(), costs["total"]):
        fresh = row["input"] - row["cached"]
        usd = (fresh * PRICE["input"] + row["cached"] * PRICE["cached"] + row["output"] * PRICE["output"]) / 1e6
        assert row["usd"] == pytest.approx(usd, abs=1e-5)
        assert row["cached"] > 0


def test_the_run_agrees_and_the_key_is_nowhere(run: Path, played: Done, capsys: pytest.CaptureFixture[str]) -> None:
    assert quickly(capsys, "verify", f"run={run}").code == 0
    assert KEY not in played.out
    for file in run.rglob("*"):
        if file.is_file():
            assert KEY.encode() not in file.read_bytes(), file


def test_a_speech_is_what_was_sent_or_says_what_it_was(run: Path, server: BadServer) -> None:
    sent = set(server.texts.values())
    statuses: Counter[str] = Counter()
    for file in (run / "transcripts").glob("*.json"):
        for speech in json_of(file)["speeches"]:
            statuses[speech["status"]] += 1
            if speech["status"] == "spoken" and not speech["cut"]:
                assert speech["text"] in sent
            elif speech["status"] != "spoken":
                assert speech["text"] == ""
    assert statuses["spoken"] > 60


@pytest.mark.parametrize(
    ("what", "key", "words"),
    [
        ("wrong key", "sk-wrong", "does not accept the key in MY_API_KEY (HTTP 401"),
        ("unknown model", KEY, "has no model 'o1'"),
        ("nobody there", KEY, "no server answers at http://127.0.0.1:9/v1; start it or mend base_url"),
    ],
)
def test_what_only_a_call_can_show_ends_the_run_in_one_line(
    what: str, key: str, words: str, tmp_path: Path, cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    """The run is kept: it can go on once the fault is mended."""
    with ProtocolServer(key=KEY, models=["o2"] if what == "unknown model" else None).run_in_thread() as server:
        url = "http://127.0.0.1:9" if what == "nobody there" else server.url
        roster = {"contestants": [model("o1", "openai", url), model("o2", "openai", url)]}
        write_configuration(tmp_path / "own", {"debaters/mine": roster})
        arguments = ["debaters=mine", "judges=checklist", "--config-dir", "own"]
        asked = debate("models", *arguments, cwd=tmp_path, MY_API_KEY=key)
        assert words in asked.complaint()
        began = time.monotonic()
        done = debate(
            "tournament", "tournaments=smoke", *arguments, "run.dir=run", cluster.place,
            cwd=tmp_path, MY_API_KEY=key, **cluster.environment,
        )  # fmt: skip
        assert words in done.complaint()
        assert done.complaint().startswith(("contestant o1 (openai, o1): ", "contestant o2 (openai, o2): "))
        assert time.monotonic() - began < 45  # of which the start of two processes takes most on a busy machine
        assert "Traceback" not in done.out
        assert "stopped: failed: " in done.out
        run = tmp_path / "run"
        assert events(run)[-1].kind == "stopped"
        assert quickly(capsys, "verify", f"run={run}").code == 0
        assert lines_of(run / "ballots.jsonl") == []


def test_models_says_who_answers(tmp_path: Path, server: BadServer) -> None:
    with ProtocolServer(key=KEY).run_in_thread() as good:
        roster = {"contestants": [model("o1", "openai", good.url), model("a1", "anthropic", good.url)]}
        write_configuration(tmp_path / "own", {"debaters/mine": roster})
        done = debate("models", "debaters=mine", "--config-dir", "own", cwd=tmp_path, MY_API_KEY=KEY)
    assert (done.code, done.err) == (0, "")
    assert done.out.count(" answers ") == 2
    assert good.count == 2
    assert KEY not in done.out


def test_no_cluster_at_the_address(tmp_path: Path) -> None:
    began = time.monotonic()
    done = debate("tournament", "tournaments=smoke", "run.dir=run", "cluster.address=127.0.0.1:9", cwd=tmp_path)
    assert "cluster.address=127.0.0.1:9: no Ray cluster answers there" in done.complaint()
    assert time.monotonic() - began < 30


def test_keys_do_not_reach_the_logs_of_ray(run: Path, cluster: Cluster) -> None:
    """Ray keeps them where every user of the machine may read."""
    files = [file for file in cluster.logs.rglob("*") if file.is_file()]
    assert files
    for file in files:
        assert KEY.encode() not in file.read_bytes(), file
