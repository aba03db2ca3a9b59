"""What providers' errors mean: one place that sorts the errors of all HTTP clients into kinds.

The clients leak errors of the libraries below them (a reset stream, broken JSON), so nothing here relies on a client's
own classes: an error is known by its HTTP status, by the error object the server sent, or by what caused it.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import re
import socket
import time
from collections.abc import Iterator, Mapping
from typing import Any

from debate.core.contestant import Model
from debate.models.protocol import FaultKind, ProviderError

#: Words by which servers say that the content of a request, not its form, was turned down.
_FILTER = re.compile(
    r"content.?(?:filter|policy|management policy|violation)|responsible.?ai|safety system|usage polic|moderation"
    r"|data.?inspection|content.?blocked|sensitive.?words",
    re.IGNORECASE,
)
#: A 429 that no waiting mends.
_NO_MONEY = re.compile(r"insufficient_quota|billing|exceeded your current quota|credit balance", re.IGNORECASE)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNIT = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Unreachable(ProviderError):
    """Nothing answers at the endpoint: the connection is refused, or the name is not known. Its kind is `retry`."""


class StreamError(Exception):
    """An error object inside a stream that had begun well. `body` is what the server said."""

    def __init__(self, body: Any) -> None:
        super().__init__(str(body))
        self.body = body


class Incomplete(Exception):
    """A reply that ended before it was complete, or is not in the provider's protocol."""


def classify(error: Exception, model: Model, url: str) -> ProviderError:
    """Returns what `error`, raised by a call of `model` at `url`, means. Never raises."""
    if isinstance(error, ProviderError):
        return error
    code, body = getattr(error, "status_code", None), getattr(error, "body", None)
    if isinstance(code, int) and code >= 300:
        headers: Mapping[str, str] = getattr(getattr(error, "response", None), "headers", {})
        return _by_status(code, _error_object(body), headers, model, url)
    if body is not None:
        return _by_error_object(_error_object(body), model, url)
    return _by_causes(error, url)


def wait_of(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Returns the seconds that a server asks to wait, or None where it does not say.

    Reads `retry-after-ms`, `retry-after` (seconds or an HTTP date) and, for limits of which nothing remains, the
    `x-ratelimit-reset*` and `anthropic-ratelimit-*-reset` headers (durations such as `1m2.5s`, epochs, RFC 3339 dates).
    """
    now = time.time() if now is None else now
    asked = _number(headers.get("retry-after-ms"))
    if asked is not None:
        return max(0.0, asked / 1000)
    after = headers.get("retry-after")
    if after is not None:
        wait = _until(after, now)
        if wait is not None:
            return wait
    waits: list[float] = []
    for name in headers:
        low = name.lower()
        if "ratelimit" not in low or "reset" not in low:
            continue
        remaining = _number(headers.get(low.replace("reset", "remaining")))
        wait = _until(headers[name], now)
        if wait is not None and not remaining:
            waits.append(wait)
    return max(waits, default=None)


def _until(text: str, now: float) -> float | None:
    """Seconds from `now` to what a header says: a number of seconds, an epoch, a duration or a date."""
    text = text.strip()
    number = _number(text)
    if number is not None:
        epoch = number / 1000 if number > 1e11 else number  # some give milliseconds
        return max(0.0, epoch - now) if epoch > 1e9 else number
    parts = _DURATION.findall(text)
    if parts and "".join(a + b for a, b in parts) == text:
        return sum(float(amount) * _UNIT[unit] for amount, unit in parts)
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = email.utils.parsedate_to_datetime(text)
        except ValueError:
            return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return max(0.0, moment.timestamp() - now)


def _number(text: str | None) -> float | None:
    if text is None or not re.fullmatch(r"\s*\d+(\.\d+)?\s*", text):
        return None
    return float(text)


def _error_object(body: Any) -> dict[str, Any]:
    if isinstance(body, dict):
        inner = body.get("error", body)
        return inner if isinstance(inner, dict) else {"message": str(inner)}
    return {"message": str(body)} if body else {}


def _by_status(code: int, error: dict[str, Any], headers: Mapping[str, str], model: Model, url: str) -> ProviderError:
    words = _words(error)
    tags = f"{error.get('code')} {error.get('type')} {words}"
    said = f"{url}: HTTP {code}{': ' if words else ''}{words}"
    kind: FaultKind = "fatal"
    wait = None
    match code:
        case 429 if _NO_MONEY.search(tags):
            said += "; top up the account or choose another model"
        case 429:
            kind, wait = "rate_limit", wait_of(headers)
        case 408 | 409 | 425 | 500 | 502 | 503 | 504 | 529:
            kind, wait = "retry", wait_of(headers)
        case _ if code >= 500:
            kind = "retry"
        case _ if _FILTER.search(tags):
            kind = "filtered"
        case 401 | 403 if model.key_env:
            said = f"{url} does not accept the key in {model.key_env} (HTTP {code}: {words}); mend it"
        case 401 | 403:
            said = f"{url} asks for a key (HTTP {code}: {words}); name its variable in api_key_env"
        case 404:
            said = f"{url} has no model {model.model!r} ({words or 'HTTP 404'}); mend model or base_url"
        case _ if code < 400:
            said = f"{url} sends calls elsewhere (HTTP {code}); mend base_url"
        case _:
            said = f"model {model.model!r} at {said}"
    return ProviderError(kind, said, wait)


def _by_error_object(error: dict[str, Any], model: Model, url: str) -> ProviderError:
    """An error that came without a status of its own, inside a stream or in a body sent with 200."""
    code = error.get("code")
    if isinstance(code, str) and code.isdigit():
        code = int(code)
    if isinstance(code, int) and 400 <= code < 600:
        return _by_status(code, error, {}, model, url)
    tags = f"{error.get('code')} {error.get('type')}".lower()
    known: tuple[tuple[str, int], ...] = (
        ("insufficient_quota", 429), ("rate_limit", 429), ("overloaded", 529), ("authentication", 401),
        ("permission", 403), ("invalid_request", 400), ("content", 400),
    )  # fmt: skip
    for tag, status in known:
        if tag in tags:
            return _by_status(status, error, {}, model, url)
    kind: FaultKind = "filtered" if _FILTER.search(tags) else "retry"
    return ProviderError(kind, f"{url}: error in the reply: {_words(error)}")


def _by_causes(error: Exception, url: str) -> ProviderError:
    """An error without a word from the server."""
    causes = list(_causes(error))
    names = " ".join(type(e).__name__ for e in causes)
    kind: FaultKind = "retry"
    if isinstance(error, Incomplete):
        line = str(error)
    elif any(isinstance(e, (json.JSONDecodeError, UnicodeDecodeError)) for e in causes):
        line = "malformed JSON in the reply"
    elif isinstance(error, (LookupError, TypeError, AttributeError)):
        line = f"the reply is not in its protocol ({type(error).__name__} {_short(str(error))})"
    elif re.search("UnsupportedProtocol|InvalidU[rR][lL]|NonHttpUrl", names):
        kind, line = "fatal", "this is no web address; mend base_url"
    elif any(isinstance(e, (ConnectionRefusedError, socket.gaierror)) for e in causes):
        return Unreachable("retry", f"no server answers at {url}")
    elif any(isinstance(e, TimeoutError) for e in causes):  # a reset is a timeout too, by its name in the clients
        line = "no sign of life in time"
    else:
        line = f"connection lost ({type(causes[-1]).__name__} {_short(str(causes[-1]))})"
    return ProviderError(kind, f"{url}: {line}")


def _words(error: dict[str, Any]) -> str:
    return _short(str(error.get("message") or error.get("type") or error.get("code") or ""))


def _short(text: str) -> str:
    """One line of at most 200 characters."""
    text = " ".join(text.split())
    return text if len(text) <= 200 else text[:199] + "…"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it, outermost first."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        below = error.__cause__ or error.__context__
        if below is None:
            return
        error = below
