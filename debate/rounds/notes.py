"""Private planning, taken off what a model writes, at once or while the words still come."""

from __future__ import annotations

import re

from debate.core.words import word_ends

#: What is planned between these tags is a speaker's own; thinking aloud is nobody's.
_OPEN = re.compile(r"<(notes|think|thinking)>", re.IGNORECASE)
_CLOSE = {name: re.compile(f"</{name}>", re.IGNORECASE) for name in ("notes", "think", "thinking")}
_OPENINGS = tuple(f"<{name}>" for name in _CLOSE)
_LONGEST = max(len(f"</{name}>") for name in _CLOSE)


class Notes:
    """Takes private notes off the words of a speech, piece by piece. What is never closed is private to its end."""

    def __init__(self) -> None:
        self._held = ""
        self._inside: str | None = None
        self._notes: list[str] = []

    def feed(self, piece: str) -> str:
        """Returns what may be heard of all that came so far and was not returned before."""
        self._held += piece
        heard = []
        while self._held:
            if self._inside is None:
                before, bracket, after = self._held.partition("<")
                heard.append(before)
                self._held = bracket + after
                opening = _OPEN.match(self._held)
                if opening:
                    self._inside = opening[1].lower()
                    self._held = self._held[opening.end() :]
                elif any(tag.startswith(self._held.lower()) for tag in _OPENINGS):
                    break
                elif bracket:
                    heard.append(bracket)
                    self._held = after
            else:
                closing = _CLOSE[self._inside].search(self._held)
                private = len(self._held) - _LONGEST if closing is None else closing.start()
                if self._inside == "notes" and private > 0:
                    self._notes.append(self._held[:private])
                self._held = self._held[max(0, private) if closing is None else closing.end() :]
                if closing is None:
                    break
                self._inside = None
        return "".join(heard)

    def close(self) -> str:
        """Returns what was held back and turned out to be no tag, once all has come."""
        held, self._held = self._held, ""
        if self._inside == "notes":
            self._notes.append(held)
        return "" if self._inside else held

    def text(self, words: int) -> str:
        """Returns the notes, in at most `words` words."""
        text = "".join(self._notes).strip()
        ends = word_ends(text)
        return text if len(ends) <= words else text[: ends[words - 1]] if words else ""


def without_notes(text: str, words: int) -> tuple[str, str]:
    """Returns the words of a speech that may be heard, and its private notes in at most `words` words."""
    notes = Notes()
    heard = notes.feed(text)
    return heard + notes.close(), notes.text(words)
