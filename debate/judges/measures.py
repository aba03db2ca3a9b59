"""What can be measured on an English or Chinese text without a model.

All are shares and rates, never counts, so that length earns nothing.

The thresholds are choices of ours, made on plain cases (prose, word salad, loops), not learned weights.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from debate.core.debate import CLAIM_ID
from debate.core.words import CJK

_WORD = re.compile(rf"[A-Za-z]+(?:['’][A-Za-z]+)?|\d+(?:[.,]\d+)*|[{CJK}]+|[^\W\d_{CJK}]+")
_HAN = re.compile(f"[{CJK}]")
_SENTENCE = re.compile(r"[^.!?。！？；;\n]+(?:[.!?](?!\s|$|[\"'”’)])[^.!?。！？；;\n]+)*")
_CITATION = re.compile(rf"[\[(【]?{CLAIM_ID}[\])】]?\s*")

_STOP = frozenset(
    """a about above after
    again against all also am an and any are as at be because been before being below between both
    but by can cannot could did do does doing down during each even every few for from further had has have having
    he her here hers him his how i if in into is it its itself just let like may me might more most much must my
    no nor not now of off on once only or other our ours out over own rather same shall she should since so some
    such than that the their theirs them then there therefore these they this those though through to too under
    until up upon us very was we were what when where whether which while who whom whose why will with without
    would yet you your yours house believes don't doesn't isn't aren't won't can't it's we're they're that's
    i'm""".split()  # noqa: SIM905
)
#: Words that say too little to tell what a text is about.
_COMMON = frozenset(
    """use uses used using make makes made making people thing things way ways important good great better best need
    needs want think know say says said argue argues argued argument claim claims believe opponent opponents
    motion debate side first second third finally get gets give gives take takes many new world time year years
    one two three""".split()  # noqa: SIM905
)
_DETERMINERS = frozenset({"the", "a", "an", "my", "our", "their", "its", "every"})
#: What cannot follow a determiner in a sentence.
_NOT_AFTER = _DETERMINERS | frozenset(
    """of in on at by for from to with is are was were be been am and or but nor if because than that this these those
    they we he she it i us them him will would should could can may might must shall has have had do does did so
    not there what who which when where why how""".split()  # noqa: SIM905
)
_PREPOSITIONS = frozenset({"of", "from", "into", "at", "between", "with", "for", "by", "than"})
#: What cannot follow a preposition; an empty text is the sentence's end.
_NOT_AFTER_PREPOSITION = frozenset(
    {"", "has", "had", "have", "because", "of", "if", "he", "she", "we", "they", "i", "so", "will", "can", "must", "be"}
)
_VOWELS = frozenset("aeiouyàáâäèéêëìíîïòóôöùúûü")
_HAN_FUNCTION = frozenset(
    "的是了在不有我们这个为以会也要就和对可能与而中上人他大到说其并且但如果因所更让使都应于当被从"
)

# These are matched on lower-case text, which is faster than matching either case.
_REASON = re.compile(
    r"\b(?:because|since|therefore|thus|hence|so that|which means|means that|leads? to|results? in|as a result|"
    r"consequently|in order to|for this reason|for that reason|this is why|that is why|it follows|follows that|"
    r"given that|due to|owing to|if .{2,80}?,? then|unless|otherwise|causes?|"
    r"what this means|so (?:we|the|it|they|this|that|a))\b|^\s*so\b"
    r"|因为|由于|所以|因此|因而|从而|导致|意味着|使得|如果|那么|既然|否则|之所以|正因|可见|致使|以便|一旦"
)
_SPECIFIC = re.compile(
    r"\b(?:for (?:example|instance)|such as|e\.g\.|according to|stud(?:y|ies)|survey|report(?:s|ed)?|research(?:ers)?|"
    r"trials?|experiment|data|statistics|evidence (?:from|shows)|case of|in (?:19|20)\d\d|percent|per cent|"
    r"court (?:ruled|held)|university|journal)\b|\d\s*%"
    r"|例如|比如|譬如|以[^,，。]{1,12}为例|根据|据[^,，。]{1,12}(?:统计|报告|调查|研究)|研究|调查|报告|数据|统计|实验|案例|百分之|[12]\d{3}\s*年"
)
#: A name inside a sentence, which a listener could look up.
_NAMED = re.compile(r"(?<=[a-z,] )(?!I\b|I')[A-Z][A-Za-z]{2,}")
_ABUSE = re.compile(
    r"\b(?:idiots?|idiotic|morons?|moronic|imbeciles?|stupid(?:ity)?|dumb(?:ass)?|fools?|retard(?:ed|s)?|scum|vermin|"
    r"subhumans?|trash|garbage people|shut up|liars?|pathetic|disgusting|bitch(?:es)?|bastards?|assholes?|fuck\w*|"
    r"shit\w*|bullshit|cunts?|whores?|sluts?|kill (?:yourself|them all)|go to hell|worthless)\b"
    r"|白痴|傻逼|傻子|蠢货|愚蠢|弱智|智障|脑残|废物|垃圾人|人渣|畜生|混蛋|王八蛋|滚蛋|闭嘴|去死|骗子|狗屁|他妈|无耻|贱人|杂种"
)
_NEGATION = re.compile(r"\b(?:not|no|never|cannot|nor|neither|without)\b|n['’]t\b|不(?![仅但过断同])|没|无|未|非(?!常)")


def ramp(value: float, low: float, high: float) -> float:
    """Returns 0 up to `low`, 1 from `high`, and a straight line between; with `low` over `high` it falls."""
    return min(1.0, max(0.0, (value - low) / (high - low)))


@lru_cache(maxsize=4096)
def bare(text: str) -> str:
    """Returns `text` without the numbers of claims."""
    return _CITATION.sub("", text)


@lru_cache(maxsize=4096)
def sentences(text: str) -> tuple[str, ...]:
    """Returns the sentences of a text, without those that hold no word."""
    return tuple(found.strip() for found in _SENTENCE.findall(text) if _WORD.search(found))


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[str, ...]:
    """Returns lower-case words, and each Chinese character as one."""
    all_of_it = _WORD.findall(text.lower().replace("’", "'"))
    if not _HAN.search(text):
        return tuple(all_of_it)
    found: list[str] = []
    for word in all_of_it:
        found += word if _HAN.match(word) else [word]
    return tuple(found)


@lru_cache(maxsize=4096)
def topics(text: str) -> frozenset[str]:
    """Returns what a text is about: its words but the commonest, cut to a stem, and pairs of Chinese characters."""
    found: list[str] = []
    han = _HAN.search(text) is not None
    for word in _WORD.findall(text.lower().replace("’", "'")):
        if han and _HAN.match(word):
            pairs = (word[i : i + 2] for i in range(len(word) - 1))
            found += [pair for pair in pairs if not _HAN_FUNCTION.intersection(pair)]
        elif word not in _STOP and word not in _COMMON and len(word) > 2 and not word[0].isdigit():
            found.append(_stem(word))
    return frozenset(found)


@lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    """Returns a word without the commonest endings: enough for `ban`, `bans`, `banned` and `banning` to meet."""
    word = word.removesuffix("'s")
    for ending in (
        "ations",
        "ation",
        "ities",
        "ity",
        "ments",
        "ment",
        "ings",
        "ing",
        "ies",
        "ed",
        "es",
        "ly",
        "s",
        "y",
        "e",
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


@lru_cache(maxsize=4096)
def chinese(text: str) -> bool:
    """Whether most of a text's words and characters are Chinese characters."""
    found = words(text)
    return 2 * sum(1 for word in found if _HAN.match(word)) > len(found)


def coherence(text: str) -> float:
    """Returns 0 for strings of letters or words that are no language, 1 for what could be prose.

    English: the share of function words, words that can be spoken, and what follows determiners and prepositions.
    Chinese: the share of function characters. What follows from what is not seen.
    """
    found = words(text)
    if not found:
        return 0.0
    if chinese(text):
        share = sum(1 for word in found if word in _HAN_FUNCTION) / len(found)
        return ramp(share, 0.02, 0.1) * ramp(share, 0.85, 0.6) * ramp(len(found), 3, 16)
    latin = [word for word in found if word[0].isalpha()]
    if not latin:
        return 0.0
    share = sum(1 for word in latin if word in _STOP) / len(latin)
    spoken = sum(1 for word in latin if len(word) <= 20 and not _VOWELS.isdisjoint(word)) / len(latin)
    pairs = [pair for line in sentences(text) for pair in pairwise([*words(line), ""])]
    determined = [after in _NOT_AFTER or not after for word, after in pairs if word in _DETERMINERS]
    governed = [after in _NOT_AFTER_PREPOSITION for word, after in pairs if word in _PREPOSITIONS]
    return (
        ramp(share, 0.08, 0.25)
        * ramp(share, 0.9, 0.72)
        * ramp(spoken, 0.5, 0.85)
        * ramp(sum(determined) / (len(determined) + 2), 0.4, 0.15)
        * ramp(sum(governed) / (len(governed) + 2), 0.4, 0.15)
        * ramp(len(found), 2, 12)
    )


def _grams(found: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(found[i : i + n]) for i in range(len(found) - n + 1)]


def repeated(texts: Iterable[str]) -> float:
    """Returns the share of word sequences (4 words, 6 Chinese characters) that a side had said before."""
    seen: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        long = chinese(text)
        for sentence in [bare(text)] if long else sentences(bare(text)):
            seen.update(_grams(words(sentence), 6 if long else 4))
    total = sum(seen.values())
    return (total - len(seen)) / total if total else 0.0


def looping(texts: Iterable[str]) -> float:
    """Returns the share of sentences in a side's speeches that it said before, word by word."""
    seen = Counter(tuple(words(sentence)) for text in texts for sentence in sentences(bare(text)))
    total = sum(seen.values())
    return (total - len(seen)) / total if total else 0.0


def copied(text: str, sources: Iterable[str]) -> float:
    """Returns the share of a text's word sequences (6 words, 9 Chinese characters) that stand in `sources`."""
    n = 9 if chinese(text) else 6
    own = _grams(words(bare(text)), n)
    theirs = {gram for source in sources for gram in _grams(words(bare(source)), n)}
    return sum(1 for gram in own if gram in theirs) / len(own) if own else 0.0


def reasoned(text: str) -> float:
    """Returns the share of sentences with a word that gives a reason or a consequence."""
    return _share(text, _REASON)


def specific(text: str) -> float:
    """Returns the share of sentences that name a source, an example or somebody one could look up, not mere digits."""
    lines = sentences(bare(text))
    hits = sum(1 for line in lines if _NAMED.search(line) or _SPECIFIC.search(line.lower()))
    return hits / len(lines) if lines else 0.0


def abusive(text: str) -> float:
    """Returns the share of sentences with a word from a short list of insults. Irony and slander are not seen."""
    return _share(text, _ABUSE)


def _share(text: str, pattern: re.Pattern[str]) -> float:
    lines = sentences(bare(text))
    return sum(1 for line in lines if pattern.search(line.lower())) / len(lines) if lines else 0.0


def readable(text: str) -> float:
    """Returns 1 for sentences that an ear can follow (on average 8-26 words or 10-45 Chinese characters), else less."""
    lines = [len(words(line)) for line in sentences(bare(text))]
    if not lines:
        return 0.0
    mean = sum(lines) / len(lines)
    if chinese(text):
        return ramp(mean, 2, 10) * ramp(mean, 120, 45)
    return ramp(mean, 2, 8) * ramp(mean, 60, 26)


def contradictions(texts: Iterable[str]) -> int:
    """Returns how many pairs of a side's sentences say the same words, one with a negation and one without."""
    lines = [sentence for text in texts for sentence in sentences(bare(text))]
    about = [(topics(line), bool(_NEGATION.search(line.lower()))) for line in lines]
    found = 0
    for i, (one, denied) in enumerate(about):
        for other, other_denied in about[:i]:
            if denied != other_denied and len(one) >= 3 and len(one & other) >= 0.85 * len(one | other):
                found += 1
    return found
