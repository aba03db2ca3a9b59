"""The host of models: the one place where calls are limited, retried, priced and written down.

It is a plain class; where it runs in a process of its own is decided elsewhere.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import os
import random
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from debate.core.contestant import Model
from debate.core.errors import UserError
from debate.models.faults import Unreachable
from debate.models.journal import Journal, Question, question
from debate.models.limits import AdaptiveLimit
from debate.models.outbox import Mark, Outbox
from debate.models.protocol import Fault, OnText, Provider, ProviderError, Reply, Request
from debate.models.weights import check_shared, loading

#: Calls of one request before it has failed; rate limits do not count, but may take this many seconds of waiting.
ATTEMPTS = 8
RATE_LIMIT_PATIENCE = 600.0

#: Seconds before the second attempt at most, and before any later one. The wait is drawn evenly from zero to that.
FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0

#: So many refused connections in a row of a call, at an endpoint that never answered, mean that no server is there.
REFUSALS = 4

#: Seconds between two pieces of a live text.
LIVE_PAUSE = 0.1


class Piece(NamedTuple):
    """Some more of a text that is being written. An empty one says that the text begins anew."""

    kind: Literal["text"]
    key: str
    text: str


class Answer(NamedTuple):
    """The reply to a submitted request."""

    kind: Literal["reply"]
    key: str
    reply: Reply


News = Piece | Answer


class _Endpoint:
    """What the models at one address share: a client, a limit, and what is known of the address."""

    def __init__(self, limit: AdaptiveLimit) -> None:
        self.limit = limit
        self.answered = False
        self.client: object = None


class _Reader:
    """One submitter's outbox, and the keys of its calls that are under way."""

    def __init__(self) -> None:
        self.outbox: Outbox[News] = Outbox()
        self.under_way: set[str] = set()


def missing_key(id: str, model: Model) -> str | None:
    """Returns the line that says which key is missing for a contestant's or judge's model, or None."""
    name = model.key_env
    if name is None or os.environ.get(name):
        return None
    return f"{id}: no key for {model.provider} model {model.model}; export {name}, or name its variable in api_key_env"


class ModelHost:
    """Answers requests for the models it was given, by id of contestant or judge."""

    def __init__(self, models: dict[str, Model], journal: Path | None = None) -> None:
        """Raises UserError where the journal is damaged or held by a live process. Connects to nothing yet."""
        self._models = models
        self._journal = Journal(journal) if journal is not None else None
        self._providers: dict[str, Provider] = {}
        self._endpoints: dict[tuple[str | None, ...], _Endpoint] = {}
        self._under_way: dict[str, asyncio.Task[Reply]] = {}
        self._readers: dict[str, _Reader] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def warm(self, ids: Iterable[str]) -> None:
        """Makes models ready for their first call: imports clients and loads files.

        Raises:
            UserError: a key, a file or a parameter is missing or wrong.
        """
        faults: list[UserError] = []
        for id in ids:
            try:
                load = getattr(self._provider(id), "warm", None)
                if load is not None:
                    await load()
            except UserError as error:  # the others can be made ready all the same
                faults.append(error)
        if faults:
            raise faults[0]

    async def ask(self, request: Request, on_text: OnText | None = None) -> Reply:
        """Returns the reply, from the journal if it was answered before; what could not be had is `failed` or `fatal`.

        A request with a key that is under way joins that call. `on_text` receives the text as it comes; where an
        attempt breaks off after its first words, it receives an empty piece and the text begins anew. The last fault of
        a `failed` or `fatal` reply is one line that says why.
        """
        call = self._under_way.get(request.key)
        if call is None:
            call = asyncio.create_task(self._answer(request, on_text))
            self._under_way[request.key] = call
            call.add_done_callback(lambda _: self._under_way.pop(request.key, None))
        return await asyncio.shield(call)

    async def submit(self, caller: str, requests: list[Request], live: bool = False) -> None:
        """Starts calls whose replies `collect` returns to `caller`; with `live`, their text as it comes too.

        A key that is under way for `caller` is ignored, so that it may be submitted again after a lost connection.
        """
        reader = self._readers.setdefault(caller, _Reader())
        for request in requests:
            if request.key in reader.under_way:
                continue
            reader.under_way.add(request.key)
            task = asyncio.create_task(self._serve(reader, request, live))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def collect(self, caller: str, mark: Mark) -> tuple[Mark, list[News]]:
        """Returns what has come for `caller` after `mark`, in order, and the mark after it; nothing after 20 seconds.

        A mark with another life says that the host was started anew: what is unanswered has to be submitted again.
        """
        return await self._readers.setdefault(caller, _Reader()).outbox.take(mark)

    async def close(self) -> None:
        """Ends all calls and gives back connections, memory and files."""
        for task in [*self._tasks, *self._under_way.values()]:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._under_way.values(), return_exceptions=True)
        for provider in self._providers.values():
            await provider.close()
        if self._journal is not None:
            self._journal.close()

    async def _serve(self, reader: _Reader, request: Request, live: bool) -> None:
        pieces = _Pieces(reader.outbox, request.key) if live else None
        try:
            reply = await self.ask(request, pieces.add if pieces else None)
        except Exception as error:  # a fault of ours must not leave the reader waiting for ever
            reply = _lost(request, "fatal", f"{request.who}: {type(error).__name__}: {error}")
        if pieces:
            pieces.flush()
        reader.under_way.discard(request.key)
        reader.outbox.put(Answer("reply", request.key, reply))

    async def _answer(self, request: Request, on_text: OnText | None) -> Reply:
        model = self._models.get(request.who)
        if model is None:
            return _lost(request, "fatal", f"{request.who}: no model of this name is hosted here")
        asked: Question | None = None
        try:
            if self._journal is not None:
                asked = question(request, model)
                known = self._journal.find(request, asked)
                if known is not None:
                    if on_text is not None and known.text:
                        on_text(known.text)
                    return known
            provider = self._provider(request.who)
            reply = await self._attempts(provider, self._endpoint(model), model, request, on_text)
        except UserError as error:
            return _lost(request, "fatal", str(error))
        if self._journal is not None and asked is not None and reply.status not in ("failed", "fatal"):
            self._journal.write(request, asked, reply)
        return reply

    async def _attempts(
        self, provider: Provider, endpoint: _Endpoint, model: Model, request: Request, on_text: OnText | None
    ) -> Reply:
        faults: list[Fault] = []
        tries = refusals = 0
        waited = 0.0
        watch = _Watch(on_text) if on_text is not None else None
        while True:
            async with endpoint.limit:
                started = time.monotonic()
                try:
                    reply = await provider.ask(request, watch.add if watch else None)
                except ProviderError as error:
                    fault = error
                    if error.kind == "rate_limit":
                        endpoint.limit.limited(None if _too_long(error) else error.wait)
                else:
                    endpoint.limit.succeeded()
                    endpoint.answered = True
                    return _priced(reply, model, time.monotonic() - started, faults)
            if watch:
                watch.anew()
            if fault.kind in ("refused", "filtered", "empty", "truncated"):
                endpoint.answered = True
                faults.append(Fault(fault.kind, fault.detail, 0.0, len(faults)))
                return Reply(
                    request.key, fault.kind, seconds=time.monotonic() - started, model=model.model, faults=tuple(faults)
                )
            if isinstance(fault, Unreachable):
                refusals += 1
            else:
                refusals, endpoint.answered = 0, True
            tries += fault.kind != "rate_limit"
            wait = _wait(fault, tries, len(faults))
            dead = refusals >= REFUSALS and not endpoint.answered
            late = tries >= ATTEMPTS if fault.kind != "rate_limit" else waited + wait > RATE_LIMIT_PATIENCE
            hopeless = fault.kind == "fatal" or dead or _too_long(fault)
            if hopeless or late:
                line = f"{request.who}: {fault.detail}" + ("; start it or mend base_url" if dead else "")
                if _too_long(fault):
                    line += f"; this limit lifts at {_moment(wait)}: resume then"
                return _lost(request, "fatal" if hopeless else "failed", line, faults, fault)
            waited += wait if fault.kind == "rate_limit" else 0.0
            faults.append(Fault(fault.kind, fault.detail, wait, len(faults)))
            await asyncio.sleep(wait)

    def _endpoint(self, model: Model) -> _Endpoint:
        address: tuple[str | None, ...] = (model.provider, model.base_url, model.key_env)
        if model.provider not in ("openai", "anthropic"):
            address = (model.provider, model.model)
        if address not in self._endpoints:
            self._endpoints[address] = _Endpoint(_limit(model))
        return self._endpoints[address]

    def _provider(self, id: str) -> Provider:
        if id not in self._providers:
            model = self._models[id]
            lacking = missing_key(id, model)
            if lacking:
                raise UserError(lacking)
            if model.provider == "local":
                check_shared(self._models)
            self._providers[id] = _provider(model, self._endpoint(model))
        return self._providers[id]


class _Watch:
    """Passes a text on, and says when it begins anew."""

    def __init__(self, on_text: OnText) -> None:
        self._on_text = on_text
        self._begun = False

    def add(self, piece: str) -> None:
        if piece:
            self._begun = True
            self._on_text(piece)

    def anew(self) -> None:
        if self._begun:
            self._begun = False
            self._on_text("")


class _Pieces:
    """Gathers the pieces of one text, and puts them into an outbox at most ten times a second."""

    def __init__(self, outbox: Outbox[News], key: str) -> None:
        self._outbox, self._key = outbox, key
        self._parts: list[str] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, piece: str) -> None:
        if not piece:
            self._parts.clear()
            self._outbox.put(Piece("text", self._key, ""))
            return
        self._parts.append(piece)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LIVE_PAUSE, self.flush)

    def flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._parts:
            self._outbox.put(Piece("text", self._key, "".join(self._parts)))
            self._parts.clear()


def _provider(model: Model, endpoint: _Endpoint) -> Provider:
    """Returns a provider that shares its endpoint's client. Imports a client only when it is first needed."""
    if model.provider == "openai":
        from openai import AsyncOpenAI

        from debate.models import openai

        client = endpoint.client = endpoint.client or openai.connect(model.base_url, model.key_env)
        assert isinstance(client, AsyncOpenAI)
        return openai.OpenAIProvider(model, client)
    if model.provider == "anthropic":
        from anthropic import AsyncAnthropic

        from debate.models import anthropic

        client = endpoint.client = endpoint.client or anthropic.connect(model.base_url, model.key_env)
        assert isinstance(client, AsyncAnthropic)
        return anthropic.AnthropicProvider(model, client)
    if model.provider == "local":
        from debate.models import local

        server = endpoint.client = endpoint.client or local.LocalServer(model)
        assert isinstance(server, local.LocalServer)
        return local.LocalProvider(model, server)
    if model.provider == "recorded":
        from debate.models.recorded import RecordedProvider

        return RecordedProvider(model)
    from debate.models.scripted import ScriptedProvider

    return ScriptedProvider(model)


def _limit(model: Model) -> AdaptiveLimit:
    if model.provider == "local":
        slots = loading(model).slots
        return AdaptiveLimit(start=slots, bound=slots, most=slots)
    if model.free:
        return AdaptiveLimit(start=10_000, bound=10_000, most=10_000)
    return AdaptiveLimit()


def _wait(fault: ProviderError, tries: int, earlier: int) -> float:
    """Returns the seconds before the next attempt: what the provider asks and a jitter, or a jittered backoff."""
    if fault.kind == "rate_limit" and fault.wait is not None:
        return fault.wait + random.uniform(0, FIRST_WAIT)
    turn = earlier if fault.kind == "rate_limit" else tries - 1
    backoff = random.uniform(0, min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(turn, 30)))
    return max(backoff, min(fault.wait or 0.0, LONGEST_WAIT))


def _too_long(fault: ProviderError) -> bool:
    """Whether a provider asks for a wait that no run sits out."""
    return fault.kind == "rate_limit" and (fault.wait or 0.0) > RATE_LIMIT_PATIENCE


def _moment(seconds: float) -> str:
    """Returns the minute in which so many seconds are over, in words."""
    lifted = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=min(seconds, 1e9), minutes=1)
    return f"{lifted:%Y-%m-%d %H:%M} UTC"


def _priced(reply: Reply, model: Model, seconds: float, earlier: list[Fault]) -> Reply:
    used = reply.usage
    usd = model.price.usd(used.input, used.cached, used.output) if model.price is not None else 0.0
    own = tuple(dataclasses.replace(fault, attempt=len(earlier)) for fault in reply.faults)
    return dataclasses.replace(reply, seconds=seconds, usd=usd, faults=(*earlier, *own))


def _lost(
    request: Request,
    status: Literal["failed", "fatal"],
    line: str,
    earlier: Iterable[Fault] = (),
    fault: ProviderError | None = None,
) -> Reply:
    before = tuple(earlier)
    kind = "fatal" if status == "fatal" or fault is None else fault.kind
    return Reply(request.key, status, faults=(*before, Fault(kind, line, 0.0, len(before))))
