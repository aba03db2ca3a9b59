"""The transcript as judges read it: plain text, numbered claims, code names. The one place where names are redacted."""

from __future__ import annotations

import html
import random
import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from debate.core.debate import Speech, SpeechStatus, Transcript
from debate.core.format import SIDES, Side, StepKind
from debate.core.noun import seed_of

#: What stands where a name stood.
NAME = "[name]"

#: Code names, chosen to say nothing: none is a model's, a maker's or a number, and none comes first in anything.
CODE_NAMES = (
    "Alder", "Bracken", "Clover", "Dogwood", "Elder", "Fennel", "Gorse", "Hazel", "Juniper", "Larch",
    "Maple", "Nettle", "Osier", "Privet", "Rowan", "Sorrel", "Tansy", "Willow", "Yarrow", "Zinnia",
)  # fmt: skip

#: Names that give a model away wherever they stand.
_MODELS = (
    "chat ?gpt", "gpts?(?![A-Za-z])", "gpt-oss", "openai", "anthropic", "claude", "google deepmind", "deepmind",
    "google gemini", "google ai", "gemma", "qwen", "tongyi", "deepseek", "mistral ?ai", "mixtral", "ministral",
    "codestral", "kimi", "moonshot ?ai", "meta ?ai", "zhipu", "z\\.ai", "chatglm", "glm(?=[-\\s]?\\d)",
    "ernie ?bot", "doubao", "hunyuan", "minimax ?ai", "smollm\\d?", "hugging ?face", "nemotron", "internlm",
    "baichuan", "microsoft copilot", "github copilot", "perplexity ?ai", "ai21", "stepfun", "01\\.ai", "xiaomi mimo",
    "phi(?=-?\\d)", "o[134]-(?:mini|preview|pro)", "command[- ]r\\+", "(?:gemini|llama|grok|mistral)(?=[-\\s]?\\d)",
    "(?<!the )(?<!an )(?<!a )(?:gemini|llama|grok|mistral|copilot)(?=\\s+(?:says?|said|argues?|argued|claims?|claimed|"
    "thinks?|believes?|answers?|answered|agrees?|wrote|writes|told)\\b)",
)  # fmt: skip
#: Names that are words as well: redacted only where they are written as names.
_CAPITALISED = (
    "Gemini", "L[lL]a[mM][aA]|LLAMA", "Mistral", "Grok", "Bard", "Copilot", "Bing Chat", "Cohere", "xAI",
    "X\\.AI", "Command[- ]R(?:7B)?(?!\\w)", "o[134]",
    # Works of music and literature have the same names, and numbers.
    "(?<!['’]s )(?:Opus|Sonnet|Haiku|Fable)(?=[-\\s]?[3-9](?:\\.\\d)?(?![\\d,]))",
)  # fmt: skip
#: So one calls oneself, though they are words.
_ONESELF = ("Opus", "Sonnet", "Haiku", "Fable", "Nova", "Palm", "Command A")
_CHINESE = (
    "通义千问", "通义", "千问", "文心一言", "豆包", "混元", "智谱清言", "智谱", "讯飞星火", "月之暗面", "深度求索",
    "百川智能", "商汤", "阶跃星辰", "零一万物", "小米大模型", "盘古大模型",
)  # fmt: skip
#: Makers, whose names are heard in many debates: they are redacted where a debater has one, or speaks of its own.
_MAKERS = (
    "Google", "Meta", "Microsoft", "Amazon", "Apple", "Alibaba", "Baidu", "Tencent", "ByteDance", "NVIDIA",
    "Nvidia", "IBM", "xAI", "Mistral", "Cohere", "Moonshot", "MiniMax", "Databricks", "Salesforce", "Samsung", "Huawei",
)  # fmt: skip
#: Names that are also spelled out, letter by letter, to pass unseen; those in the second row are words as well.
_SPELLED = ("claude", "anthropic", "openai", "chatgpt", "deepseek", "deepmind", "qwen", "gpt4", "gpt5")
_SPELLED_APART = ("gemini", "llama", "mistral", "grok", "google", "sonnet", "opus", "haiku", "gpt")

#: What may follow a name and belongs to it: `Claude Opus 4.6`, `gpt-5.4-mini`, `Llama 3.3 70B Instruct`.
_VERSION = (
    r"(?:[-\s]?(?:[vr]?\d+(?:\.\d+)*[bkox]?\b|(?:opus|sonnet|haiku|fable|pro|mini|nano|flash|turbo|instruct|preview|"
    r"ultra|large|medium|max|plus|lite|thinking|reasoner|coder|chat)\b))*"
)
_A_MODEL = (
    r"(?:large |small )?(?:ai|a\.i\.|artificial intelligence|language|llm)(?:[- ](?:language))?"
    r"(?:[- ](?:model|assistant|system|chatbot|debater))?|chatbot|assistant"
)
_MADE = r"(?:developed|created|made|trained|built|designed|provided|released)"
_MAKER = r"(?:the )?[\w\-]+(?:\.\w+)*(?: (?:[A-Z][\w\-]*|AI))*"

_SELF = re.compile(
    rf"\b(?P<head>as|i am|i'm|i’m|being|am)\s+(?:(?:an?|the)\s+)?(?:{_A_MODEL})\s*,?\s*"
    rf"(?:(?:which|that|who) (?:was|is)\s+)?{_MADE}\s+by\s+(?-i:{_MAKER})",
    re.IGNORECASE,
)
_KNOWN_MAKER = rf"(?-i:(?:{'|'.join(_MAKERS)})(?!\w)(?: [A-Z]\w*)*)"
_MADE_BY = re.compile(
    rf"\b(?P<head>i was|i am|i'm|i’m|my (?:maker|developer|creator|trainer|engineer|builder)s?"
    rf"(?: (?:is|are|at|from|in|of|with)|,)?|(?:made|developed|trained|built|created|raised) me (?:is|at|was)|me at)\s+"
    rf"(?:{_MADE}\s+by\s+)?{_KNOWN_MAKER}",
    re.IGNORECASE,
)
_MADE_ME = re.compile(
    rf"\b{_KNOWN_MAKER}(?=(?:['’]s)?(?: \w+){{0,3}} (?:trained|made|built|created|developed) me\b)", re.IGNORECASE
)
#: A participle at a sentence's head speaks of whoever says I: "Trained by Google, I know".
_PARTICIPLE = re.compile(
    rf"(?:^|(?<=[.!?:;\]][ \n]))(?P<head>(?:having been |being |as one |though |while )?{_MADE} (?:by|at))"
    rf"\s+(?-i:(?:the )?[A-Z][\w.\-]*(?: [A-Z][\w\-]*)*)(?=,?\s+(?-i:I)\b)",
    re.IGNORECASE | re.MULTILINE,
)
_SELF_ZH = re.compile(
    r"(?P<head>作为|我是|身为)(?:一个|一款|一名|一种)?由[^，。；！？,;!?\s]{1,20}?(?:开发|训练|研发|推出|打造|创建)的"
    r"(?:大型|大)?(?:人工智能|AI|语言模型|模型|智能)?(?:语言模型|模型|助手|助理|系统)?"
)
#: What stands beside a name that was taken out and gives it away again.
_BESIDE = re.compile(
    rf"{re.escape(NAME)}(?:\s+(?:by |of |from )?{re.escape(NAME)}|"
    rf",?\s*由[^，。；！？,;!?\s]{{1,20}}?(?:开发|训练|研发|推出|打造|创建))+"
)

#: Letters that look like Latin ones, and these.
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕһԁԛԝӏьгпкАВЕКМНОРСТУХІЈЅԌԚԜαορνικτυχγΑΒΕΖΗΙΚΜΝΟΡΤΥΧᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢɡıɑ",
    "aeopcyxijshdqwlbrnkABEKMHOPCTYXIJSGQWaopviktuxyABEZHIKMNOPTYXabcdefghijklmnoprstuvwyzgia",
)
_LATIN, _FOREIGN = "A-Za-z\u00c0-\u0130\u0132-\u024f", "\u0131\u0250-\u02af\u0370-\u052f\u1d00-\u1d7f\ua700-\ua7ff"
_DISGUISED = re.compile(f"(?<![{_LATIN}{_FOREIGN}])[{_LATIN}]*[{_FOREIGN}][{_LATIN}{_FOREIGN}]*")
#: Every character but line breaks, tabs and what ASCII shows.
_UNUSUAL = re.compile(r"[^\n\t -~]")
_TAG = re.compile(r"<!--.*?-->|</?[A-Za-z][^<>]*>", re.DOTALL)
_MARKUP = re.compile(r"^[ \t]{0,3}#{1,6}[ \t]+|\*\*|__|^[ \t]*[-*_]{3,}[ \t]*$|`+", re.MULTILINE)


class BlindSpeech(NamedTuple):
    """A speech without what could tell who gave it. `text` carries its own claims' numbers: `[P1.2] ...`."""

    side: Side
    step: str
    kind: StepKind
    text: str
    status: SpeechStatus
    cut: bool


class BlindTranscript(NamedTuple):
    """A leg as a judge reads it. `names` are code names; `redacted` counts the names taken out on each side."""

    motion: str
    names: dict[Side, str]
    speeches: tuple[BlindSpeech, ...]
    redacted: dict[Side, int]


@lru_cache(maxsize=1024)
def clean(text: str) -> str:
    """Returns `text` in NFKC without HTML, Markdown marks, control, zero-width and direction characters.

    Words that mix in Cyrillic, Greek or small capital letters for Latin ones are written in Latin. Line breaks stay;
    spaces and blank lines are single.
    """
    text = unicodedata.normalize("NFKC", html.unescape(text).replace("\r\n", "\n").replace("\r", "\n"))
    text = _UNUSUAL.sub(lambda match: "" if _unseen(match.group()) else match.group(), text)
    text = _DISGUISED.sub(_undisguised, text)
    while (bare := _TAG.sub("", text)) != text:  # what is left of nested tags may be a tag again
        text = bare
    text = _MARKUP.sub("", text)
    text = re.sub(r"[^\S\n]+", " ", text)
    return re.sub(r" ?\n[\n ]*\n ?", "\n\n", text).strip()


def _undisguised(word: re.Match[str]) -> str:
    """Returns a word in Latin letters where it holds such and all others look like them, or where all do."""
    plain = word[0].translate(_LOOKALIKES)
    return plain if len(plain) > 1 and all(char < "\u0250" for char in plain if char.isalpha()) else word[0]


def _unseen(char: str) -> bool:
    """Whether a character shows nothing: controls, formats, lone surrogates, private use, variation selectors."""
    selector = "\ufe00" <= char <= "\ufe0f" or char >= "\U000e0000"
    return selector or unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co")


def blind(transcript: Transcript, names: Collection[str], seed: int) -> BlindTranscript:
    """Returns the leg as a judge reads it.

    `names` are all that could tell who debates: ids, models, families, makers. They are taken out whole where they look
    like names (a digit, hyphen, underscore or dot in them), makers' names where written with a capital; one that may be
    a plain word only where a debater introduces itself by it. What the motion itself names stays, since both sides must
    speak of it. `seed` picks the code names.
    """
    motion = clean(transcript.motion.text)
    known = frozenset((*names, *transcript.sides.values()))
    codes = random.Random(seed_of(seed, "names")).sample(CODE_NAMES, 2)
    redacted: dict[Side, int] = {"pro": 0, "con": 0}
    speeches = []
    for speech in transcript.speeches:
        text, count = _redacted(speech, known, motion)
        redacted[speech.side] += count
        speeches.append(BlindSpeech(speech.side, speech.step, speech.kind, text, speech.status, speech.cut))
    return BlindTranscript(motion, dict(zip(SIDES, codes, strict=True)), tuple(speeches), redacted)


@lru_cache(maxsize=1024)
def _redacted(speech: Speech, names: frozenset[str], motion: str) -> tuple[str, int]:
    # All judges of a leg read the same text.
    return _redact(_numbered(speech), _patterns(names, motion))


def _numbered(speech: Speech) -> str:
    """Returns the clean text with `[P1.2]` before each claim that is found in it, unless it stands there already."""
    text = clean(speech.text)
    parts: list[str] = []
    at = 0
    for claim in speech.claims:
        label = f"[{claim.id}]"
        start = text.find(clean(claim.text), at)
        if start < 0 or not claim.text.strip() or text[max(0, start - len(label) - 1) : start].rstrip().endswith(label):
            continue
        parts += [text[at:start], "" if text.startswith(label, start) else f"{label} "]
        at = start
    return "".join(parts) + text[at:]


@lru_cache(maxsize=256)
def _patterns(names: frozenset[str], motion: str) -> list[re.Pattern[str]]:
    """Returns what to take out, phrases that speak of oneself first."""
    known = [name for name in _MODELS if not re.search(rf"\b(?:{name})", motion, re.IGNORECASE)]
    written = [name for name in _CAPITALISED if not re.search(rf"\b(?:{name})\b", motion)]
    chinese = [name for name in _CHINESE if name not in motion]
    squeezed = re.sub(r"[\W_]+", "", motion).lower()
    spelled = [_spelled(name, "{0,2}") for name in _SPELLED if name not in squeezed]
    spelled += [_spelled(name, "{1,2}") for name in _SPELLED_APART if name not in squeezed]
    marked: list[str] = []
    called: list[str] = []
    for name in sorted({clean(name) for name in names}, key=lambda name: (-len(name), name)):
        if len(name) < 2:
            continue
        stays = re.search(_bounded(name), motion, re.IGNORECASE)
        if not name.isascii() or re.search(r"[\d._\-]", name):
            called.append(re.escape(name))
            if not stays:
                marked.append(_bounded(name))
        elif re.fullmatch("|".join((*_MODELS, *_CAPITALISED, *_MAKERS)), name, re.IGNORECASE):
            called.append(re.escape(name))
            if not stays:
                written.append(f"{name[0].upper()}{re.escape(name[1:])}|{re.escape(name.upper())}")
        else:
            # It may be a word: a name only where one introduces oneself by it.
            called.append(f"(?-i:{re.escape(name[0].upper() + name[1:])})")
    everybody = "|".join([*_MODELS, *_CAPITALISED, *_CHINESE, f"(?-i:{'|'.join(_ONESELF)})", *called])
    oneself = rf"\b(?P<head>as|i am|i'm|i’m|my name is)\s+(?:{everybody}){_VERSION}(?=\s*[,.;:!?]|\s+i\b|$)"
    patterns = [_SELF, _MADE_BY, _MADE_ME, _PARTICIPLE, _SELF_ZH, re.compile(oneself, re.IGNORECASE)]
    if marked:
        patterns.append(re.compile("|".join(marked), re.IGNORECASE))
    if chinese:
        patterns.append(re.compile(f"(?:{'|'.join(chinese)}){_VERSION}", re.IGNORECASE))
    if known:
        patterns.append(re.compile(rf"(?<![\w])(?:{'|'.join(known)}){_VERSION}(?![a-z])", re.IGNORECASE))
    if written:
        patterns.append(re.compile(rf"(?<![\w])(?:{'|'.join(written)})(?i:{_VERSION})(?![\w])"))
    if spelled:
        patterns.append(re.compile(rf"(?<!\w)(?:{'|'.join(spelled)}){_VERSION}(?!\w)", re.IGNORECASE))
    return patterns


def _spelled(name: str, times: str) -> str:
    """Returns a pattern of `name` with marks between its letters, or a single space."""
    return f"{(r'[-._*·•~/|]' + times).join(name)}|{' '.join(name)}"


def _bounded(name: str) -> str:
    """Returns a pattern of `name` that is no part of a longer word.

    In a name with digits a space, a hyphen and an underscore are one; without any, as in `cool-head`, it must be
    written just so, since its words are words.
    """
    body = re.escape(name)
    if re.search(r"\d", name):
        body = re.sub(r"(?:\\?[ _\-])+", r"[ _\\-]", body)
    return rf"(?<![A-Za-z0-9]){body}(?![A-Za-z0-9])" if name.isascii() else body


def _redact(text: str, patterns: list[re.Pattern[str]]) -> tuple[str, int]:
    count = 0
    for pattern in patterns:
        head = "head" in pattern.groupindex

        def replacement(match: re.Match[str], head: bool = head) -> str:
            return f"{match['head']}{' ' if match['head'].isascii() else ''}{NAME}" if head else NAME

        text, n = pattern.subn(replacement, text)
        count += n
    return _BESIDE.sub(NAME, text), count
