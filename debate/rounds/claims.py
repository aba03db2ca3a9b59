"""The claim flow of a debate: speeches cleaned, cut, split into numbered claims, and searched for what they answer."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence

from debate.core.debate import Claim, Speech, cited
from debate.core.format import Side
from debate.core.visible import visible
from debate.core.words import count_words, word_ends
from debate.rounds.turns import OTHER

LETTER: dict[Side, str] = {"pro": "P", "con": "C"}

#: Ends the text of a speech that was cut short.
CUT_MARK = " […]"

#: A paragraph of fewer words is no claim of its own.
SHORTEST_CLAIM = 8
#: Into claims of how many sentences a speech is split that has but one paragraph.
SENTENCES_A_CLAIM = 3

#: What some models' templates take for a change of speaker. It means nothing in a speech, so its brackets are changed.
_CHAT_MARKUP = re.compile(r"<[|｜]+|[|｜]+>|(?P<tag></?s>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>)", re.IGNORECASE)
#: A claim's number where a paragraph begins, or several of them, perhaps in brackets or behind a list's mark.
_HEADS: dict[Side, re.Pattern[str]] = {
    side: re.compile(
        rf"^(?P<mark>[-•·#>+ ]{{0,6}}(?:\* |[0-9]{{1,2}}[.)] ?)?)"
        rf"(?P<heads>(?:[-•·#>+ ]{{0,6}}(?:\*\*|__)?(?:[\[(（【［]{letter}[0-9]{{1,3}}\.[0-9]{{1,3}}[\])）】］]"
        rf"|{letter}[0-9]{{1,3}}\.[0-9]{{1,3}}(?= ?[:：)）、—–-]| ?$|\.(?![0-9])))"
        rf"(?:\*\*|__)?[:：.)）、—–-]? *)+)",
        re.IGNORECASE | re.MULTILINE,
    )
    for side, letter in LETTER.items()
}
_BRACKETED = re.compile(r"[\[(（【［]([PC][0-9]{1,3}\.[0-9]{1,3})[\])）】］]", re.IGNORECASE)
_STOP = re.compile(r"(?:[。！？；]+|[.!?…]+)[\"'”’」』）)\]】]*")
_ABBREVIATION = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|prof|st|vs|etc|cf|inc|ltd|jr|sr|fig|approx|e\.g|i\.e)|\b[a-z])\.$", re.IGNORECASE
)
_LIST_NUMBER = re.compile(r"[-*•·]? ?[0-9]{1,3}\.")


def plain(text: str) -> str:
    """Returns `text` in NFC with nothing invisible, single spaces, at most one empty line in a row, no chat markup."""
    while True:
        new = _CHAT_MARKUP.sub(_in_round_brackets, unicodedata.normalize("NFC", visible(text)))
        new = re.sub(r"[^\S\n]+", " ", new)
        new = re.sub(r"\n{3,}", "\n\n", re.sub(r" ?\n ?", "\n", new)).strip()
        if new == text:
            return text
        text = new


def _in_round_brackets(markup: re.Match[str]) -> str:
    if tag := markup["tag"]:
        return f"({tag.strip('<>[]')})"
    return "(" if markup[0][0] == "<" else ")"


def clean(text: str, side: Side, earlier: Sequence[Speech] = ()) -> str:
    """Returns `text` as it enters the record: plain, without numbers that a side gave to its own paragraphs.

    Only the moderator numbers claims. A number that names a claim of the side's `earlier` speeches is a reference: it
    stays, but loses its brackets where a paragraph begins with it.
    """
    known = {claim.id for speech in earlier if speech.side == side for claim in speech.claims}

    def renumbered(match: re.Match[str]) -> str:
        named = [id.upper() for id in _BRACKETED.findall(match["heads"])]
        return match["mark"] + "".join(f"{id} " for id in named if id in known)

    while True:
        new = _HEADS[side].sub(renumbered, plain(text))
        if new == text:
            return text
        text = new


def claims(text: str, side: Side, earlier: Sequence[Speech] = ()) -> tuple[Claim, ...]:
    """Returns the claims of a clean text, numbered after the side's `earlier` speeches of the leg.

    Each paragraph is a claim. One of fewer than eight words belongs to the next, or to the last where none follows; a
    speech of a single paragraph is split where sentences end, up to three a claim. Nothing of the text is lost.
    """
    spans = [(m.start(), m.end()) for m in re.finditer(r"[^\n]+", text)]
    spans = _merged(text, spans)
    if len(spans) == 1:
        spans = _merged(text, _split(text, *spans[0]))
    number = 1 + sum(speech.side == side and speech.status == "spoken" for speech in earlier)
    return tuple(Claim(f"{LETTER[side]}{number}.{i}", text[a:b]) for i, (a, b) in enumerate(spans, 1))


def answers(text: str, side: Side, earlier: Iterable[Speech]) -> tuple[str, ...]:
    """Returns the ids of the other side's claims that `text` cites, in order, once each; others are no citations."""
    known = citable(side, earlier)
    return tuple(dict.fromkeys(id for id in cited(text) if id in known))


def citable(side: Side, earlier: Iterable[Speech]) -> tuple[str, ...]:
    """Returns the ids of all claims that `side` can answer: those of the other side so far."""
    return tuple(claim.id for speech in earlier if speech.side == OTHER[side] for claim in speech.claims)


def quoted(text: str) -> str:
    """Returns `text` as a JSON string on one line, in which a debater's words can be nothing but quoted words."""
    return json.dumps(text, ensure_ascii=False)


def numbered(speech: Speech) -> str:
    """Returns the claims of `speech` for a prompt, each on its own line: its id in brackets and its text as JSON."""
    return "\n".join(f"[{claim.id}] {quoted(claim.text)}" for claim in speech.claims)


def cut(text: str, words: int) -> str:
    """Returns the beginning of a text of more than `words` words, in at most `words`, with the cut mark behind it.

    It ends where a sentence ends if that keeps half of the words, else in mid-sentence.
    """
    return _whole_sentences(text, words) or text[: word_ends(text)[words - 1]].rstrip() + CUT_MARK


def unfinished(text: str) -> str:
    """Returns a text that broke off, up to its last full sentence if that keeps half of it, with the cut mark."""
    return _whole_sentences(text, count_words(text)) or text + CUT_MARK


def _whole_sentences(text: str, words: int) -> str | None:
    for end in reversed(sentence_ends(text)):
        kept = count_words(text[:end])
        if kept <= words:
            return text[:end].rstrip() + CUT_MARK if 2 * kept >= words else None
    return None


def sentence_ends(text: str) -> list[int]:
    """Returns the offsets behind each English or Chinese sentence of a clean text, in order."""
    ends = []
    for match in _STOP.finditer(text):
        end = match.end()
        last = end == len(text) or text[end] == "\n"
        if match[0][0] not in "。！？；" and not last:
            if text[end] != " " or text[end + 1 : end + 2].islower():
                continue
            upto = text[text.rfind("\n", 0, end) + 1 : match.start() + 1]
            if _ABBREVIATION.search(upto[-12:]) or _LIST_NUMBER.fullmatch(upto):
                continue
        ends.append(end)
    return ends


def _split(text: str, start: int, stop: int) -> list[tuple[int, int]]:
    """Returns spans of up to three sentences each, as even as they come, or the one span where it is short enough."""
    ends = [start + end for end in sentence_ends(text[start:stop])]
    if not ends or ends[-1] < stop:
        ends.append(stop)
    if len(ends) <= SENTENCES_A_CLAIM:
        return [(start, stop)]
    groups = -(-len(ends) // SENTENCES_A_CLAIM)
    bounds = [ends[len(ends) * (i + 1) // groups - 1] for i in range(groups)]
    spans = []
    for bound in bounds:
        piece = text[start:bound]
        spans.append((start + len(piece) - len(piece.lstrip()), bound))
        start = bound
    return spans


def _merged(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Returns `spans` with each that is too short to be a claim joined to the next, the last to the one before."""
    merged: list[tuple[int, int]] = []
    held: int | None = None
    for start, stop in spans:
        begin = start if held is None else held
        held = begin if count_words(text[begin:stop]) < SHORTEST_CLAIM else None
        if held is None:
            merged.append((begin, stop))
    if held is not None:
        last = spans[-1][1]
        if merged:
            merged[-1] = (merged[-1][0], last)
        else:
            merged.append((held, last))
    return merged
