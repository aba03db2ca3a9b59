"""What is wrong with the wording of motions, as far as it can be told without judging the substance."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np

from debate.core.motion import Motion
from debate.core.noun import Language
from debate.core.words import count_words

Rule = Literal["languages", "length", "opening", "dogmatic", "question", "compound", "duplicate"]

#: The shortest and the longest motion, in English words and Chinese characters.
LENGTH: dict[Language, tuple[int, int]] = {"en": (4, 40), "zh": (8, 70)}

#: Two motions are near-duplicates when their texts share at least this part of their character n-grams (Jaccard).
ALIKE = 0.6

_LANGUAGES: tuple[Language, ...] = get_args(Language)
_OPENING: dict[Language, re.Pattern[str]] = {"en": re.compile(r"this house\b", re.I), "zh": re.compile("本院")}
_OPENINGS: dict[Language, str] = {"en": "This house", "zh": "本院"}
#: "all-party" and "every four years" say nothing of all cases, nor do 所有权 (ownership) and 绝对多数 (majority).
_DOGMATIC: dict[Language, re.Pattern[str]] = {
    "en": re.compile(
        r"\b(?:all(?!-)|always|never|every(?! (?:\w+ )?(?:day|week|month|year)s?\b)|everyone|everybody|everything"
        r"|everywhere|no one|nobody|nothing|absolutely|completely|entirely|totally|undoubtedly|at any cost)\b",
        re.I,
    ),
    "zh": re.compile(
        "一切|所有(?![权者制])|绝对(?!多数)|永远|从来|从不|决不|绝不|任何|必然|必定|完全|全部|毫无|人人|无论如何|不惜代价"
    ),
}
#: A second sentence, or a second proposal hung on the first.
_COMPOUND: dict[Language, re.Pattern[str]] = {
    "en": re.compile(
        r"(?:(?<=[a-z]{2})\.|[!;:])\s+\S|\band/or\b|\b(?:and|but) (?:also|then|would|should|must)\b|\bas well as\b",
        re.I,
    ),
    "zh": re.compile("[。；！：].|以及(?=.*应)|并且|而且|并(?:将|应|会)|同时(?:将|应|会|还)|且(?:将|应|会)"),
}
_QUESTION = re.compile("[?？]")
#: How motions begin: no mark of what they are about, so not counted as likeness.
_PREAMBLE: dict[Language, re.Pattern[str]] = {
    "en": re.compile(r"^this house (?:would|believes that|regrets|prefers|supports|opposes)?\s*", re.I),
    "zh": re.compile("^本院(?:将|认为|支持|反对|更倾向于)?"),
}
_NGRAM: dict[Language, int] = {"en": 4, "zh": 2}
#: So many of the most frequent n-grams are counted by matrix product, for so many motions at a time.
_COMMON = 1024
_BLOCK = 512
_NOT_LETTER = re.compile(r"[\W_]+")


class Finding(NamedTuple):
    """Something to mend in a motion: its id, the rule it breaks, and the fault in words."""

    motion: str
    rule: Rule
    words: str


def lint(motions: Iterable[Motion]) -> list[Finding]:
    """Returns what is wrong with the wording of `motions`, motion by motion; an empty list when nothing is.

    The rules: both languages present (`languages`), `LENGTH` kept (`length`), the opening of a debate motion
    (`opening`), no word that leaves one side nothing to defend (`dogmatic`), no question (`question`), one proposal
    (`compound`), and no motion that another one nearly repeats (`duplicate`, told of the later one).
    """
    motions = list(motions)
    found: dict[int, list[Finding]] = defaultdict(list)
    for position, motion in enumerate(motions):
        found[position] += _wording(motion)
    twins: dict[int, set[int]] = defaultdict(set)
    for language in _LANGUAGES:
        places = [position for position, motion in enumerate(motions) if language in motion.text]
        for earlier, later in near_duplicates([motions[place].text[language] for place in places], language):
            twins[places[later]].add(places[earlier])
    for position, others in twins.items():
        names = ", ".join(repr(motions[other].id) for other in sorted(others))
        words = f"says nearly the same as {names}; keep one or set them apart"
        found[position].append(Finding(motions[position].id, "duplicate", words))
    return [finding for position in sorted(found) for finding in found[position]]


def _wording(motion: Motion) -> Iterator[Finding]:
    def finding(rule: Rule, words: str) -> Finding:
        return Finding(motion.id, rule, words)

    for language in _LANGUAGES:
        if language not in motion.text:
            yield finding("languages", f"has no text in {language}")
        elif motion.info is not None and language not in motion.info:
            yield finding("languages", f"has an info slide, but not in {language}")
    for language, text in motion.text.items():
        least, most = LENGTH[language]
        if not least <= (length := count_words(text)) <= most:
            yield finding("length", f"is {length} long in {language}; {least} to {most} are clear and arguable")
        if not _OPENING[language].match(text):
            yield finding("opening", f"should begin with {_OPENINGS[language]!r} in {language}")
        if word := _DOGMATIC[language].search(text):
            yield finding("dogmatic", f"says {word.group()!r}: one exception would decide the debate")
        if _QUESTION.search(text):
            yield finding("question", f"asks in {language}; state what one side defends")
        if part := _COMPOUND[language].search(text):
            yield finding("compound", f"looks like two proposals in {language} (at {part.group()!r}); keep one")


def near_duplicates(texts: Sequence[str], language: Language) -> list[tuple[int, int]]:
    """Returns the pairs (earlier, later) of positions in `texts` whose likeness is at least `ALIKE`.

    Likeness is the Jaccard index of the sets of character n-grams, exact. What two texts share is counted in two parts,
    so that ten thousand motions take seconds: the grams that many have by a product of matrices, the rest by an index.
    """
    grams = [_grams(text, language) for text in texts]
    frequency = Counter(gram for own in grams for gram in own)
    column = {gram: place for place, (gram, _) in enumerate(frequency.most_common(_COMMON))}
    common = np.zeros((len(texts), len(column)), np.float32)
    for row, own in enumerate(grams):
        common[row, [column[gram] for gram in own if gram in column]] = 1
    sizes = np.array([len(own) for own in grams], np.float32)
    places: dict[str, list[int]] = defaultdict(list)
    for row, own in enumerate(grams):
        for gram in own - column.keys():
            places[gram].append(row)
    rare = {gram: np.array(rows) for gram, rows in places.items() if len(rows) > 1}
    pairs: list[tuple[int, int]] = []
    for start in range(0, len(texts), _BLOCK):
        stop = min(start + _BLOCK, len(texts))
        shared = common[start:stop] @ common[:stop].T
        for row in range(start, stop):
            if others := [rare[gram] for gram in grams[row] if gram in rare]:
                shared[row - start] += np.bincount(np.concatenate(others), minlength=stop)[:stop]
        union = sizes[start:stop, None] + sizes[None, :stop] - shared
        later, earlier = np.nonzero(shared >= ALIKE * union - 1e-4)
        pairs += zip(earlier.tolist(), (later + start).tolist(), strict=True)
    return [(one, other) for one, other in pairs if one < other]


def _grams(text: str, language: Language) -> set[str]:
    bare = _NOT_LETTER.sub(" ", _PREAMBLE[language].sub("", text).casefold()).strip()
    size = _NGRAM[language]
    padded = f" {bare} "
    return {padded[start : start + size] for start in range(max(1, len(padded) - size + 1))}
