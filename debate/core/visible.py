"""Text that somebody else wrote, made fit to show: nothing in it can steer a terminal, a page or the reader's eye."""

from __future__ import annotations

import re

#: Terminal sequences: CSI, strings (OSC, DCS, SOS, PM, APC) up to their end, and the short escapes.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x9c|\x1b\\)?"
    r"|\x1b[ -/]*[0-~]?"
)
#: Controls, characters of direction, and what Unicode calls default-ignorable, lone surrogates among it.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
#: Marks stacked on one letter until they cover the lines around it.
_MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_STACKED = re.compile(f"({_MARK}{{3}}){_MARK}+")


def visible(text: str) -> str:
    """Returns `text` without terminal sequences, controls, direction and zero-width characters; line breaks stay."""
    text = _ESCAPES.sub("", _BREAKS.sub("\n", text))
    return _STACKED.sub(r"\1", _UNSEEN.sub("", text.replace("\t", " ")))


def one_line(text: str, length: int | None = None) -> str:
    """Returns `visible(text)` on one line with single spaces, shortened to `length` characters where that is given."""
    line = " ".join(visible(text).split())
    if length is not None and len(line) > length:
        line = line[: max(0, length - 1)].rstrip() + "…"
    return line
