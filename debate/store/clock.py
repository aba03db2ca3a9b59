"""The one clock of the engine."""

from __future__ import annotations

import datetime as dt


def now() -> str:
    """Returns the time in UTC as ISO 8601 with milliseconds."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
