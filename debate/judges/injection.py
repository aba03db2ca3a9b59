"""Finds text in a speech that instructs whoever evaluates it.

Ordinary appeals are part of debating and legal: "judges, we win on impact", "I urge you to vote PRO". What is found are
commands about the evaluation itself: to ignore instructions, to give certain scores, to put out certain words, text
that pretends to be a system's message, and text in the shape of a ballot.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

#: A sentence ends at its mark, at a line's end, or with the text. Marks inside a number or word end nothing.
_SENTENCE = re.compile(r"[^\n]+?(?:[.!?。！？；](?=[\s\"'”’)\]]|$|(?<=[。！？；]))[\"'”’)\]]*|(?=\n)|$)")

#: Where a verb is a command: at the beginning, after a mark, or after `please`, `you must` and the like.
_COMMAND = (
    r"(?:^|[,;:.!?\-—–(\"'“\]]\s*|"
    r"\b(?:please|now|must|should|shall|will|then|to|and|just|only|simply|always)\s+)"
)
_JUDGE = (
    r"(?:evaluator|grader|(?:ai|llm|automated|language[- ]model|model)[- ](?:judge|evaluator|grader)|"
    r"scoring (?:model|system))"
)
_TARGET = (
    r"(?:pro|con|us|me|my side|our side|this side|proposition|opposition|affirmative|negative|"
    r"(?:my |the )?opponents?)"
)

_RULES = (
    rf"{_COMMAND}(?:ignore|disregard|forget|override|bypass|discard)\s+(?:(?:all|any|of|the|your|these|those|every)\s+)*"
    r"(?:previous|prior|above|earlier|preceding|foregoing|former|original|system|judging|scoring|evaluation)\s+"
    r"(?:\w+\s+)?(?:instruction|prompt|direction|message|rule|guideline|rubric|criteri|order|task)",
    rf"{_COMMAND}(?:ignore|disregard|forget|override)\s+(?:the|your|any|all)\s+"
    r"(?:rubric|scoring|instructions|system prompt)",
    rf"{_COMMAND}(?:reveal|print|repeat|follow|override|output|obey)\s+(?:the|your|this|my)\s+(?:new )?"
    r"(?:system (?:prompt|message)|hidden instructions)",
    r"<\|[a-z_]+\|>|\[/?INST\]|<</?SYS>>|^\W*(?:system|assistant|developer)\s*(?:prompt|message)?\s*:",
    rf"^\W*(?:new|updated|important|hidden|secret)\s+(?:system\s+)?instructions?"
    rf"(?:\s+(?:to|for)\s+(?:the\s+)?{_JUDGE})?\s*:",
    rf"\b{_JUDGE}s?\b.{{0,30}}"
    r"\b(?:must|should|shall|are required|is required|have to|has to|output|return|give|declare)\b",
    r"\byou are (?:now )?(?:an? |the )?(?:\w+ )?(?:evaluator|grader|judge|scoring)\b.{0,60}"
    r"\b(?:must|always|will (?:give|score|output|vote)|who (?:always|gives|only))\b",
    rf"{_COMMAND}(?:output|respond with|reply with|return|print|answer (?:only )?with|write)\s+"
    r"(?:only\s+|exactly\s+|the\s+)*(?:word\s+|verdict\s+|json\b|ballot\b|score|"
    r"[\"'“]?(?:pro|con)(?:[_ ](?:clearly|narrowly|wins?))?[\"'”]?(?:\W|$))",
    rf"{_COMMAND}(?:give|award|assign|score|rate|grade|mark|set)\s+(?:{_TARGET}|yourself|every|each|all|the)\b.{{0,60}}"
    r"(?:\b[0-9]+(?:\s*/\s*[0-9]+|\s+out of\s+[0-9]+)|\b(?:full|maximum|max|highest|lowest|minimum|perfect|top)\s+"
    r"(?:possible\s+)?(?:score|mark|point|rating))",
    r"\bthe\s+(?:only\s+)?(?:correct|valid|required|right)\s+(?:verdict|ballot|output|preference|score)\s+"
    r"(?:is|must be)\b",
    r"[\"'“]?\b(?:preference|scores?)\b[\"'”]?\s*[:=]\s*[\"'“{\[+\-]?\s*(?:\{|pro\b|con\b|pro_|con_|[0-9])",
    r"[{,]\s*[\"'](?:pro|con|reason|winner|verdict)[\"']\s*:",
    # Chinese
    r"(?:忽略|无视|忘记|忘掉|不要理会|不要遵守|跳过)[^。!?;,]{0,8}(?:以上|之前|前面|上述|先前|此前|原有|所有|系统|评分|评判|你的)"
    r"[^。!?;,]{0,6}(?:指令|指示|提示|要求|规则|标准|命令|提示词)",
    r"(?:^|[,:;。!?]|请|必须|应当|务必|直接|只需|只能|你要|都)\s*(?:给|为|对|将|把)?\s*(?:正方|反方|我方|对方|我们|双方|本方)?[^。!?;,]{0,8}"
    r"(?:打|评|给|判|记|设)(?:出|为|定|上|予)?[^。!?;,]{0,6}(?:满分|最高分|最低分|零分|[0-9一二三四五十]+\s*分(?![之钟析数布配]))",
    r"(?:^|[,:;。!?]|请|必须|务必|直接|只|只需|只能)\s*(?:输出|返回|回复|打印|填写)[^。!?;,]{0,10}(?:正方|反方|JSON|json|分数|评分|满分|胜)",
    r"(?:评委|裁判|评审|评估|评分)(?:模型|系统|AI|程序|员|者)[^。!?;]{0,10}(?:必须|应当|应该|务必|请|需要|只能)",
    r"(?:^|[,:;。!?])\s*(?:系统(?:提示|消息|指令)|新(?:的)?指令|隐藏指令)\s*:",
    r"(?:偏好|评分|得分|分数)\s*[:=]\s*[\"'{]?\s*(?:正方|反方|[0-9])",
)
#: The numbers of claims, which may stand before a sentence.
_LABELS = re.compile(r"^\s*(?:\[\w+\.\d+\]\s*)+")
_ANY = re.compile("|".join(f"(?:{rule})" for rule in _RULES), re.IGNORECASE)


class Span(NamedTuple):
    """A piece of a text, from `start` to before `end`."""

    start: int
    end: int


def find(text: str, criteria: Collection[str] = ()) -> tuple[Span, ...]:
    """Returns the sentences of `text` that instruct an evaluator, in order.

    `text` is as `anonymous.clean` leaves it. `criteria` are the rubric's names: two or more of them with a number each
    in one sentence have the shape of a ballot.
    """
    return _find(text, frozenset(criteria))


@lru_cache(maxsize=1024)
def _find(text: str, criteria: frozenset[str]) -> tuple[Span, ...]:
    # All judges of a leg read the same text.
    marks = None
    if criteria:
        names = "|".join(re.escape(name) for name in sorted(criteria))
        marks = re.compile(rf"\b({names})\b[\"'”]?\s*(?:[:=]|is|gets|score)?\s*[0-9](?![0-9%])", re.IGNORECASE)
    found = []
    for match in _SENTENCE.finditer(text):
        sentence = _LABELS.sub("", match.group())
        ballot = marks is not None and len({m.group(1).lower() for m in marks.finditer(sentence)}) >= 2
        if ballot or _ANY.search(sentence.strip()):
            found.append(Span(match.start(), match.end()))
    return tuple(found)


def without(text: str, spans: Collection[Span]) -> str:
    """Returns `text` without these pieces of it."""
    parts, at = [], 0
    for span in sorted(spans):
        parts.append(text[at : span.start])
        at = span.end
    return re.sub(r" {2,}", " ", "".join([*parts, text[at:]])).strip()
