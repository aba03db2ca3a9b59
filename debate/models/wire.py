"""What the clients of all HTTP providers need alike: how many connections, and how long to wait."""

from __future__ import annotations

from functools import lru_cache

import httpx2

from debate.core.contestant import Model

#: A busy loop takes long to set up its hundreds of connections: the clients' own five seconds fail on it.
CONNECT = 60.0
CONNECTIONS = 2000
#: Many servers close a connection after five idle seconds, without a word: it must not be used again by then.
IDLE = 3.0

#: Seconds without a sign of life that end a call, where the roster does not say; longer for a model that thinks.
PATIENCE = 60.0
PATIENCE_THINKING = 600.0
#: A reply that is not streamed shows no life until it is complete, so it is given time for this many tokens a second.
_SLOWEST = 10.0


def connections() -> httpx2.Limits:
    """Returns how many connections a client may hold. They are numbers, because None would leave a hundred."""
    return httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=IDLE)


def timeout(model: Model, tokens: int, *, thinks: bool, streamed: bool) -> httpx2.Timeout:
    """Returns when a call of `model` for a reply of at most `tokens` is given up."""
    seconds = model.timeout
    if seconds is None:
        seconds = PATIENCE_THINKING if thinks else PATIENCE
        if not streamed:
            seconds = max(seconds, PATIENCE + tokens / _SLOWEST)
    return _timeout(seconds)


@lru_cache(maxsize=256)
def _timeout(seconds: float) -> httpx2.Timeout:
    return httpx2.Timeout(seconds, connect=CONNECT, pool=None)
