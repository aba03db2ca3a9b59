"""Private planning, taken off what a model writes, at once or while the words still come."""

from __future__ import annotations

import re

from debate.core.words import word_ends

#: What is planned between these tags is a speaker's own, to be read again; thinking aloud is nobody's.
_KEPT = ("notes", "笔记")
_PRIVATE = (*_KEPT, "thinking", "thoughts", "thought", "think", "reasoning", "reflection", "scratchpad", "思考")
#: Models are careless with tags: blanks and attributes within, other brackets, capitals.
_LEFT, _RIGHT, _BLANKS = r"[<＜\[【]", r"[>＞\]】]", r"[ \t]{0,3}"
_TEXT = r"[^<>＜＞\[\]【】\n]"
_ATTRIBUTE = rf"[ \t]{{1,3}}[a-z]{{1,12}}={_TEXT}{{0,24}}"
_FLAGS = re.IGNORECASE | re.ASCII
_BRACKET = re.compile(_LEFT)
_OPEN = re.compile(rf"{_LEFT}{_BLANKS}({'|'.join(_PRIVATE)})(?:{_BLANKS}|{_ATTRIBUTE}){_RIGHT}", _FLAGS)
_CLOSE = {name: re.compile(rf"{_LEFT}{_BLANKS}[/／]{_BLANKS}{name}{_BLANKS}{_RIGHT}", _FLAGS) for name in _PRIVATE}
_LONGEST = max(map(len, _PRIVATE)) + len("<   /   " + "   >")
#: What may still become an opening tag: its beginning within the name, or behind it.
_NAME_BEGUN = re.compile(rf"{_LEFT}{_BLANKS}([^\s<>\[\]]*)")
_OPEN_BEGUN = re.compile(rf"{_LEFT}{_BLANKS}(?:{'|'.join(_PRIVATE)})[ \t]{_TEXT}{{0,39}}", _FLAGS)


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
                bracket = _BRACKET.search(self._held)
                at = bracket.start() if bracket else len(self._held)
                heard.append(self._held[:at])
                self._held = self._held[at:]
                opening = _OPEN.match(self._held)
                if opening:
                    self._inside = opening[1].lower()
                    self._held = self._held[opening.end() :]
                elif _begins_a_tag(self._held):
                    break
                else:
                    heard.append(self._held[:1])
                    self._held = self._held[1:]
            else:
                closing = _CLOSE[self._inside].search(self._held)
                private = len(self._held) - _LONGEST if closing is None else closing.start()
                if self._inside in _KEPT and private > 0:
                    self._notes.append(self._held[:private])
                self._held = self._held[max(0, private) if closing is None else closing.end() :]
                if closing is None:
                    break
                self._inside = None
        return "".join(heard)

    def close(self) -> str:
        """Returns what was held back and turned out to be no tag, once all has come."""
        held, self._held = self._held, ""
        if self._inside in _KEPT:
            self._notes.append(held)
        return "" if self._inside else held

    def text(self, words: int) -> str:
        """Returns the notes, in at most `words` words."""
        text = "".join(self._notes).strip()
        ends = word_ends(text)
        return text if len(ends) <= words else text[: ends[words - 1]] if words else ""


def _begins_a_tag(held: str) -> bool:
    """Whether `held`, which begins with a bracket, may become an opening tag when more comes."""
    begun = _NAME_BEGUN.fullmatch(held)
    if begun:
        return any(name.startswith(begun[1].lower()) for name in _PRIVATE)
    return _OPEN_BEGUN.fullmatch(held) is not None


def without_notes(text: str, words: int) -> tuple[str, str]:
    """Returns the words of a speech that may be heard, and its private notes in at most `words` words."""
    notes = Notes()
    heard = notes.feed(text)
    return heard + notes.close(), notes.text(words)
