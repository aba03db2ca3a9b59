"""A GGUF file on this machine, run by llama.cpp inside this process."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
from typing import Any

import httpx2
from openai import AsyncOpenAI

from debate.core.contestant import Model
from debate.core.errors import UserError
from debate.models import openai
from debate.models.faults import Incomplete, classify
from debate.models.protocol import OnText, Reply, Request, Usage
from debate.models.weights import Loading, loading, model_file

#: Replies wait for a slot and for the processor, so silence lasts longer than at a provider.
PATIENCE = 600.0


class LocalServer:
    """llama.cpp with one loaded file, listening on a free port of this machine's loopback.

    `params` of the model say how it is loaded: see `Loading`.
    """

    def __init__(self, model: Model) -> None:
        self._file = model_file(model.model)
        self._how = loading(model)
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
        params.n_parallel = self._how.slots
        params.n_ctx = self._how.slots * self._how.context
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = self._how.threads
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
                params = {name: value for name, value in self._model.params.items() if name not in Loading._fields}
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
