"""Models and the contestants made of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from debate.core.noun import Noun

ProviderName = Literal["openai", "anthropic", "local", "recorded", "scripted"]

#: The environment variable that holds a provider's key, where the roster names none and no other server.
KEY_ENV: dict[str, str] = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}

#: Who is not a contestant or judge, because transcripts and ballots say these words of somebody else.
RESERVED = ("pro", "con", "moderator")


def _unreserved(name: str) -> str:
    if name.casefold() in RESERVED:
        raise ValueError(f"{name!r} means something else in a debate; choose another id")
    return name


#: The id of a contestant or judge.
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]*$", max_length=60), AfterValidator(_unreserved)]


class Price(Noun):
    """What a model costs, in USD per million tokens. `cached` is the price of input read from the provider's cache."""

    input: float = Field(ge=0)
    cached: float | None = Field(default=None, ge=0)
    output: float = Field(ge=0)

    def usd(self, tokens_in: int, tokens_cached: int, tokens_out: int) -> float:
        """Returns USD for a call; `tokens_cached` are the part of `tokens_in` that the provider had cached."""
        cached = self.input if self.cached is None else self.cached
        fresh = tokens_in - tokens_cached
        return (fresh * self.input + tokens_cached * cached + tokens_out * self.output) / 1e6


class Model(Noun):
    """One model at one endpoint. A call ends after `timeout` seconds without a sign of life (None: by provider)."""

    provider: ProviderName
    model: str = Field(min_length=1)
    family: str = ""
    base_url: str | None = None
    api_key_env: str | None = None
    params: dict[str, Any] = {}
    price: Price | None = None
    timeout: float | None = Field(default=None, gt=0)

    @model_validator(mode="before")
    @classmethod
    def _family_defaults_to_provider(cls, data: Any) -> Any:
        if isinstance(data, dict) and not data.get("family") and data.get("provider"):
            return {**data, "family": data["provider"]}
        return data

    @property
    def key_env(self) -> str | None:
        """The environment variable that must hold the key, or None where the endpoint needs none."""
        if self.api_key_env:
            return self.api_key_env
        return None if self.base_url else KEY_ENV.get(self.provider)

    @property
    def free(self) -> bool:
        """Whether a call can cost no money: it is answered on this machine."""
        return self.provider in ("local", "recorded", "scripted")


class Contestant(Model):
    """A model and the way it is told to debate. `strategy` is a text (a file's content once the roster is loaded)."""

    id: Identifier
    strategy: str | None = None
