"""What is asked of a model, what comes back, and the protocol every provider keeps.

These cross process boundaries in thousands, so they are plain dataclasses rather than validated models.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from debate.core.errors import UserError
from debate.core.event import Call, Draft

Role = Literal["system", "user", "assistant"]

#: What a provider makes of an error or a reply.
#: retry: the same call may work later; rate_limit: likewise, after `wait`; refused, filtered, empty, truncated: the
#: reply is what it is; fatal: no call of this kind can work until a person mends something.
FaultKind = Literal["retry", "rate_limit", "refused", "filtered", "empty", "truncated", "fatal"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation. `cache` marks the end of a part that many calls share."""

    role: Role
    text: str
    cache: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """Where in a tournament a call belongs: what `recorded` and `scripted` speakers go by. `step` is a turn's id."""

    motion: str = ""
    side: str = ""
    step: str = ""
    kind: str = ""
    words: int = 0
    citable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One call. `key` names it in the run (`m0001/a/pro_opening/0`) and is never used for two different questions.

    `who` is the id of the contestant or judge whose model is asked. With `schema` the reply is JSON that fits it; with
    `digits` the reply's `digits` holds the probability of each digit 1-9 as the next token.
    """

    key: str
    who: str
    messages: tuple[Message, ...]
    max_tokens: int
    schema: dict[str, Any] | None = None
    seed: int | None = None
    digits: bool = False
    stage: Stage = Stage()


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of a call. `cached` is the part of `input` that the provider took from its cache."""

    input: int = 0
    cached: int = 0
    output: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that went wrong with a call; `wait` is the seconds waited because of it, `attempt` counts from 0."""

    kind: FaultKind
    detail: str
    wait: float = 0.0
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call came to. Faults are data: a reply that could not be had has the status `failed` or `fatal`.

    `seconds` is the time the answering attempt took, without waits. `faults` are all that came before or explain it.
    """

    key: str
    status: Literal["ok", "truncated", "refused", "filtered", "empty", "failed", "fatal"]
    text: str = ""
    usage: Usage = Usage()
    seconds: float = 0.0
    usd: float = 0.0
    model: str = ""
    digits: dict[int, float] | None = None
    faults: tuple[Fault, ...] = field(default=())


#: Receives each piece of a reply's text as it comes.
OnText = Callable[[str], None]


class ProviderError(Exception):
    """A provider's error, classified."""

    def __init__(self, kind: FaultKind, detail: str, wait: float | None = None) -> None:
        super().__init__(detail)
        self.kind: FaultKind = kind
        self.detail = detail
        self.wait = wait


class Provider(Protocol):
    """One model behind one endpoint. It knows the wire and classifies errors; it never retries or waits."""

    async def ask(self, request: Request, on_text: OnText | None = None) -> Reply:
        """Returns the reply, with a status other than `failed` and `fatal`.

        Raises:
            ProviderError: the call gave no reply; its kind says what may be done.
        """
        ...

    async def close(self) -> None:
        """Gives back connections and memory."""
        ...


class Ask(Protocol):
    """How the rooms above ask a model. The host behind it retries and keeps count, so a Reply always comes back."""

    async def __call__(self, request: Request, on_text: OnText | None = None) -> Reply:
        """Returns the reply; what could not be had is a reply with the status `failed` or `fatal`."""
        ...


class CallFatal(UserError):
    """A call that cannot work until a person mends something: it ends the run, and nothing is lost."""


def as_call(request: Request, reply: Reply) -> Call:
    """Returns the record of an answered call for the log."""
    used = reply.usage
    return Call(
        who=request.who,
        key=request.key,
        input=used.input,
        cached=used.cached,
        output=used.output,
        usd=reply.usd,
        seconds=round(reply.seconds, 3),
    )


def fault_draft(matchup: str, leg: str, step: str, who: str, key: str, fault: Fault) -> Draft:
    """Returns the event that records a fault of the call `key`; together with the attempt it names the fault."""
    body = {
        "leg": leg,
        "step": step,
        "who": who,
        "key": key,
        "fault": fault.kind,
        "attempt": fault.attempt,
        "wait": round(fault.wait, 3),
        "detail": fault.detail[:500],
    }
    return Draft("fault", matchup, body)
