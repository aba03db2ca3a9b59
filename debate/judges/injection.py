"""Finds text in a speech that instructs whoever evaluates it.

Ordinary appeals are part of debating and legal: "judges, we win on impact", "I urge you to vote PRO". What is found are
commands about the evaluation itself: to ignore instructions or all that the other side said, to give certain scores, to
put out certain words, text that pretends to be a system's or a moderator's message, and text in the shape of a ballot.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from debate.core.words import CJK

#: A sentence ends at its mark, at a line's end, or with the text. Marks inside a number or word end nothing.
_SENTENCE = re.compile(r"[^\n]+?(?:[.!?。！？；](?=[\s\"'”’)\]]|$|(?<=[。！？；]))[\"'”’)\]]*|(?=\n)|$)")

# All that follows is matched on lower-case text, which is faster than matching either case.

#: Where a verb is a command: at the beginning, after a mark, or after `please`, `you must` and the like.
_COMMAND = (
    r"(?:^|[,;:.!?\-—–(\"'“\]]\s*|"
    r"\b(?:please|now|must|should|shall|will|then|to|and|just|only|simply|always)\s+)"
)
_JUDGE = (
    r"(?:evaluator|grader|judge|adjudicator|jury|panel|assessor|"
    r"(?:ai|llm|automated|language[- ]model|model)[- ](?:judge|evaluator|grader)|scoring (?:model|system))"
)
_SIDE = (
    r"(?:pro|con|my side|our side|this side|the other side|(?:the )?(?:proposition|opposition|affirmative|negative)"
    r"(?: side)?|(?:my |the |our )opponents?)"
)
#: A side of a debate, and not one in a parliament.
_DEBATER = r"(?:pro|con|(?:proposition|opposition|affirmative|negative) (?:side|team)|(?:my|the|our) opponent)"
_WHICH = r"(?:previous|prior|above|earlier|preceding|last|next|following)"
_TARGET = rf"(?:{_SIDE}|us|me|both sides|yourself)"
_CRITERIA = r"(?:criteri(?:on|a)|categor(?:y|ies)|rubric|dimension|scale|ballot|logic|rebuttal|evidence|style|safety)"
_NUMBER = r"(?:[0-9]+|zero|one|two|three|four|five|six|seven|eight|nine|ten)"
#: A mark as a ballot has it: `5/5`, `five out of five`, `a 5 on every criterion`, `the highest score`.
_MARK = (
    rf"(?:\b{_NUMBER}(?:\s*/\s*[0-9]+|\s+out of\s+{_NUMBER}|s? (?:points?\b|stars?\b|marks?\b)?(?: ?(?:on|in|"
    r"for|across|under)"
    rf" (?:(?:every|each|all|any|the|its|their)\s+)*{_CRITERIA}))"
    r"|\b(?:full|maximum|max|highest|lowest|minimum|perfect|top|zero|all)\s+(?:possible\s+)?(?:scores?|marks?|"
    r"points?|ratings?))"
)
#: What a ballot can say.
_DECISION = rf"(?:{_SIDE}\b|{_NUMBER}\s*(?:/|out of)|(?:an? )?(?:draw|tie)\b|pro_|con_)"
_OFFICE = (
    r"(?:moderator|chair(?:man|woman|person)?|organi[sz]ers?|administrator|admin|referee|host|"
    r"tournament director)"
)
_SPOKE = r"(?:said|says|wrote|argued|claimed|stated|submitted|has said|have said|has argued)"

#: Commands: what follows a place where a verb is one.
_COMMANDS = (
    r"(?:ignore|disregard|forget)\s+(?:everything|anything|all|whatever|what)\s+(?:that\s+)?(?:you\s+(?:were|"
    r"are|have been|had been|"
    r"['’]ve been)\s+(?:told|given|instructed|asked)|(?:is |was )?(?:above|before this)\b)",
    r"(?:treat|consider|regard|count|score)\s+(?:every|all|any|each)\s+(?:of\s+)?(?:the\s+)?(?:claims?|"
    r"arguments?|speech(?:es)?|points?)"
    rf"\s+(?:made\s+)?(?:by|of|from)\s+{_SIDE}\s+(?:as|to be)\b",
    r"(?:give|award|assign|set|record|enter)\s+(?:an?\s+|the\s+)?(?:\w+\s+)?(?:scores?|marks?|ratings?|"
    rf"grades?)\s+of\s+{_NUMBER}\s+"
    rf"(?:to|for)\s+{_TARGET}\b",
    r"(?:ignore|disregard|forget|override|bypass|discard)\s+(?:(?:all|any|of|the|your|these|those|every)\s+)*"
    r"(?:previous|prior|above|earlier|preceding|foregoing|former|original|system|judging|scoring|evaluation)\s+"
    r"(?:\w+\s+)?(?:instruction|prompt|direction|message|rule|guideline|rubric|criteri|order|task)",
    r"(?:ignore|disregard|forget|override)\s+(?:the|your|any|all)\s+"
    r"(?:rubric|scoring|instructions|system prompt)",
    rf"(?:ignore|disregard|forget|discard|strike|delete|erase|skip|do not (?:read|consider|score|count))\s+"
    rf"(?:everything|anything|all(?: that| of what)?|whatever|what)\s+(?:that\s+)?{_SIDE}\s+{_SPOKE}"
    r"(?:\s+(?:above|below|before|earlier|so far|previously|here|in this debate|until now))?\s*(?:[.,;:!]|$)",
    rf"(?:ignore|disregard|forget|discard|strike|delete|erase|skip)\s+(?:(?:all|any|of|the)\s+)*"
    rf"(?:{_SIDE}(?:['’]s)?\s+(?:{_WHICH}\s+)?|{_WHICH}\s+(?:{_SIDE}(?:['’]s)?\s+)?)(?:speech(?:es)?|turns?|transcript)\b",
    r"(?:reveal|print|repeat|follow|override|output|obey)\s+(?:the|your|this|my)\s+(?:new )?"
    r"(?:system (?:prompt|message)|hidden instructions)",
    r"(?:output|respond (?:only )?with|reply (?:only )?with|return|print|answer (?:only )?with|"
    r"write|enter|record|submit|report)\s+"
    r"(?:only\s+|exactly\s+|just\s+|the\s+|a\s+|your\s+)*(?:word\s+|verdict\s+|json\b|(?:ballot|score|"
    r"preference|answer)\b"
    rf".{{0,40}}\b{_DECISION}|[\"'“]?(?:pro|con)(?:[_ ](?:clearly|narrowly|wins?|won))?[\"'”]?\s*(?:[.!,;:)]|$))",
    rf"(?:set|mark|fix|change|put|fill in|enter|make|record)\s+(?:the\s+|your\s+|its\s+)*(?:overall\s+|final\s+)?"
    rf"(?:preference|verdict|ballot|winner|scores?(?: (?:of|for) {_SIDE})?|{_SIDE}(?:['’]s)? (?:scores?|marks?|"
    r"ratings?))\s+"
    rf"(?:to|as|at|for|down as)\s+(?:\w+\s+)?(?:{_DECISION}|{_NUMBER}\b|zero|the (?:maximum|minimum))",
    rf"(?:give|award|assign|score|rate|grade|mark|set|grant)\s+(?:{_TARGET}\b|(?:every|each|all|the)\s+(?:\w+\s+)?"
    rf"{_CRITERIA}).{{0,60}}?{_MARK}",
    rf"(?:give|award|assign|grant)\s+(?:an?\s+)?{_MARK}\s+(?:to|for)\s+{_TARGET}\b",
    rf"(?:give|award|score|rate|grade|mark)\s+{_SIDE}\s+(?:an?\s+|at\s+|with\s+)?{_NUMBER}\b\s*(?:[.,;:!]|$|"
    r"and\b|on\b|for\b)",
)
#: What is said of a side, behind its name.
_OF_A_SIDE = (
    r"\s+(?:has|have|is|are|was|were)\s+(?:now |hereby |already |been |officially )*(?:disqualified|"
    r"ruled out|declared (?:the )?(?:winner|loser|victorious))\b",
    r"\s+(?:has|have)\s+(?:now |hereby |already |officially )*(?:forfeited|withdrawn from|conceded|resigned)"
    r"(?: (?:the|this))?\s*(?:debate|match|leg|round|contest)\b",
    r"(?:['’]s)? (?:scores?|marks?|ratings?|grades?) (?:must|should|shall|has to|is to|will) be\b",
)
_RULES = (
    rf"{_COMMAND}(?:{'|'.join(_COMMANDS)})",
    rf"\b{_DEBATER}(?:{'|'.join(_OF_A_SIDE)})",
    r"\b(?:do not|don['’]t|never)\s+(?:deduct|subtract|score|grade|rate|penali[sz]e)\s+"
    rf"(?:(?:any\s+)?(?:points?|marks?)\b|{_SIDE}\b)",
    r"\b(?:rubric|(?:judging|scoring|evaluation) (?:rules|criteria|instructions|guide))\s+(?:has|have|was|were|"
    r"is|are)\s+"
    r"(?:(?:now|been|hereby)\s+)*(?:changed|updated|replaced|suspended|revoked|void|cancelled)\b",
    r"\byour (?:new|updated|revised|actual) (?:task|job|role|goal|objective|instructions?)\b",
    # somebody else's voice
    rf"^\W*(?:{_JUDGE}|judging|scoring|evaluation)\s+(?:instructions?|notes?|directives?|prompt)\s*:",
    rf"^\W*to\s+(?:the|all|any|every)\s+(?:ai\s+)?{_JUDGE}s?\s*:\s*(?:please\s+)?(?:stop|ignore|disregard|vote|"
    r"choose|give|"
    r"output|prefer|select|skip|return|score)\b",
    r"<\|[a-z_]+\|>|\[/?inst\]|<</?sys>>|^\W*(?:system|assistant|developer)\s*(?:prompt|message|note|notice)?\s*:",
    rf"^\W*(?:new|updated|important|hidden|secret)\s+(?:system\s+)?instructions?"
    rf"(?:\s+(?:to|for)\s+(?:the\s+)?{_JUDGE}s?)?\s*:",
    rf"^\W*[\[(<{{#*=\-]+\s*(?:the\s+)?(?:{_OFFICE}|system)\b[^\])>}}]{{0,30}}[\])>}}*=\-:]",
    rf"^\W*(?:(?:note|message|announcement|notice|ruling|instructions?)\s+(?:from|by)\s+)?(?:the\s+)?{_OFFICE}"
    r"(?:['’]s)?(?:\s+(?:note|message|announcement|notice|ruling|speaking|here))?\s*:",
    r"\b(?:as|i am|i['’]m|this is|here is|speaking as|acting as|on behalf of)\s+(?:the|your|"
    rf"a)\s+(?:debate['’]?s? )?{_OFFICE}"
    r"\b.{0,30}\bi\s+(?:hereby |now |must |can |also )*(?:announce|declare|rule|confirm|inform|disqualify|award|"
    r"order|instruct|"
    r"direct|certify|find|end|close|tell you)\b",
    rf"\b(?:this is|here speaks) (?:the|your) (?:\w+ )?{_OFFICE}(?: speaking)?\s*[.,:;!]",
    r"^\W*(?:(?:important|urgent|confidential|final|special|private)\s+)?(?:note|message|memo|notice|reminder|"
    r"instructions?|"
    r"information|attention|directive)s?\s+(?:to|for)\s+(?:(?:the|all|any|"
    rf"our)\s+)?(?:ai\s+)?{_JUDGE}s?\b[^.!?]{{0,30}}[:—–]",
    rf"\b(?:{_WHICH}|{_DEBATER}(?:['’]s)?)\s+(?:{_DEBATER}(?:['’]s)?\s+|{_WHICH}\s+)?"
    r"(?:speech|turn|transcript)(?:e?s)?\s+(?:has|have|was|were|is|are)\s+(?:been |now |hereby )*(?:withdrawn|"
    r"retracted|deleted|removed|struck|void|voided|invalid|cancelled|annulled|corrupted)\b",
    r"^\W*(?:end|close|beginning|start|begin)\s+of\s+(?:the\s+)?(?:transcript|debate|speech(?:es)?|input|"
    r"instructions?|ballot|"
    r"verdict|context|prompt)\b",
    # to whoever evaluates
    rf"\b{_JUDGE}s?\b.{{0,30}}\b(?:must|should|shall|are required to|is required to|has to|have to|will|is to|"
    r"are to|needs? to)"
    r"\s+(?:\w+ly |only |always |now |therefore )?(?:choose|select|pick|declare|vote|give|award|score|rate|"
    r"output|return|mark|"
    r"rule|favou?r|prefer|side with|assign|answer|respond|decide|enter|record|report|write|put|print|name)\s+"
    rf"(?:[\w'’]+\s+){{0,3}}?(?:{_DEBATER}\b|(?:the )?(?:proposition|opposition|affirmative|negative)\s*"
    rf"(?:[.,;:!]|$|as\b)|pro_|con_|{_MARK})",
    r"\b(?:if you are|you['’]re|you are|to)\s+(?:an?|the|any|every)\s+(?:ai|llm|large language model|"
    r"language model|automated|bot)\b"
    r".{0,60}\b(?:judg|grad|evaluat|scor|vot|pick|choos|select|instruct|award)",
    r"\b(?:ai|llm|model|whoever|anyone|anything)\s+(?:(?:that|who|which)\s+(?:is|are)\s+)?"
    r"(?:reading|evaluating|judging|grading|scoring|reads|evaluates|judges|grades|scores)\s+(?:this|these)\b",
    r"\byou are (?:now )?(?:an? |the )?(?:\w+ )?(?:evaluator|grader|judge|scoring)\b.{0,60}"
    r"\b(?:must|always|will|who|only)\s+(?:always |only )?(?:gives?|scores?|outputs?|votes?|awards?|favou?rs?|"
    r"chooses?|"
    r"selects?|declares?|prefers?)\b",
    # what to write
    rf"\byour (?:\w+ )?(?:answer|verdict|ballot|preference|output|response)\s+(?:should|must|shall|has to|will)\s+"
    rf"(?:be|say|read|favou?r)\s+(?:for )?{_DECISION}",
    r"\b(?:pro|con)_(?:clearly|narrowly|wins?)\b",
    rf"\bthe\s+(?:only\s+)?(?:correct|valid|required|right)\s+(?:verdict|ballot|output|preference|score)\s+"
    rf"(?:is|must be|would be)\s*:?\s*(?:for |a win for )?[\"'“]?{_DECISION}",
    r"[\"'“]?\b(?:preference|scores?)\b[\"'”]?\s*[:=]\s*[\"'“{\[+\-]?\s*(?:\{|pro\b|con\b|pro_|con_|"
    r"[0-5](?![\d.,%]))",
    r"[{,]\s*[\"'](?:pro|con|reason|winner|verdict)[\"']\s*:",
)
_CHINESE = (
    r"(?:忽略|无视|忘记|忘掉|不要理会|不要遵守|跳过)[^。!?;,]{0,8}(?:以上|之前|前面|上述|先前|此前|原有|所有|系统|评分|评判|你的)"
    r"[^。!?;,]{0,6}(?:指令|指示|提示|要求|规则|标准|命令|提示词)",
    r"(?:忽略|无视|忘记|忘掉|不要理会|不要考虑|作废|删除)(?:正方|反方|对方)(?:以上|之前|前面|上面)?(?:所说|说过|讲过|发言|陈述)?的?"
    r"(?:一切|全部|所有)(?:内容|发言|话|论点)?(?:[,。!?;]|$)",
    r"(?:^|[,:;。!?]|请|必须|应当|务必|直接|只需|只能|你要|都)\s*(?:给|为|对|将|把)?\s*(?:正方|反方|我方|对方|我们|双方|本方)?[^。!?;,]{0,8}"
    r"(?:打|评|给|判|记|设)(?:出|为|定|上|予)?[^。!?;,]{0,6}(?:满分|最高分|最低分|零分|[0-9一二三四五十]+\s*分(?![之钟析数布配]))",
    r"(?:^|[,:;。!?]|请|必须|务必|直接|只|只需|只能)\s*(?:输出|返回|回复|打印|填写)[^。!?;,]{0,10}(?:正方|反方|json|分数|评分|满分|胜)",
    r"(?:评委|裁判|评审|评估|评分)(?:模型|系统|ai|程序|员|者)[^。!?;]{0,10}(?:必须|应当|应该|务必|请|需要|只能)[^。!?;,]{0,10}(?:判|选|给|打|输出|忽略|无视|投|支持|返回|宣布)",
    r"(?:评委|裁判|评审|评判|主审)们?[^。!?;,]{0,4}(?:必须|应当|务必|只能|需要|一定要|得)[^。!?;,]{0,6}(?:判|选|投|宣布|宣判|输出|给)"
    r"[^。!?;,]{0,6}(?:正方|反方|我方|对方|平局|满分|最高分|零分)",
    r"(?:^|[\[(【]\s*)(?:主持人|主席|组委会|管理员|裁判长|系统)(?:公告|通知|提示|消息|宣布)?\s*[\])】:]",
    r"(?:^|[,:;。!?])\s*(?:作为|我是|这里是)(?:本场)?(?:辩论)?(?:的)?(?:主持人|主席|组委会|管理员|裁判长)[^。!?;]{0,10}(?:宣布|裁定|判定|通知|确认)",
    r"^\W*(?:致|给|告知|通知|提醒)(?:各位|所有|全体)?(?:评委|裁判|评审)[^。!?,;]{0,8}:",
    r"(?:正方|反方|对方)(?:辩手|选手)?(?:已经|已|被|现已)[^。!?;,]{0,4}(?:取消资格|丧失资格|弃权|退赛|认输)",
    r"(?:正方|反方|对方|上述|之前)的?[^。!?;,]{0,6}(?:发言|陈述)(?:已经|已|被|现已|均)[^。!?;,]{0,4}(?:撤回|作废|删除|无效|撤销)",
    r"(?:^|[,:;。!?])\s*(?:系统(?:提示|消息|指令)|新(?:的)?指令|隐藏指令)\s*:",
    r"(?:偏好|评分|得分|分数)\s*[:=]\s*[\"'{]?\s*(?:正方|反方|[0-9])",
)
#: The numbers of claims, which may stand before a sentence.
_LABELS = re.compile(r"^\s*(?:\[\w+\.\d+\]\s*)+")
_ANY = re.compile("|".join(f"(?:{rule})" for rule in _RULES))
_ANY_CHINESE = re.compile("|".join(f"(?:{rule})" for rule in _CHINESE))
_DIGIT = re.compile("[0-9]")
_HAN = re.compile(f"[{CJK}]")


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
        names = "|".join(re.escape(name.lower()) for name in sorted(criteria))
        marks = re.compile(rf"\b({names})\b[\"'”]?\s*(?:[:=]|is|gets|score)?\s*[0-9](?![0-9%])")
    found = []
    for match in _SENTENCE.finditer(text):
        sentence = _LABELS.sub("", match.group()).strip().lower()
        ballot = marks is not None and _DIGIT.search(sentence) and len({m[1] for m in marks.finditer(sentence)}) >= 2
        if ballot or _commands(sentence):
            found.append(Span(match.start(), match.end()))
    return tuple(found)


def _commands(sentence: str) -> bool:
    if _ANY.search(sentence):
        return True
    return _HAN.search(sentence) is not None and _ANY_CHINESE.search(sentence) is not None


def without(text: str, spans: Collection[Span]) -> str:
    """Returns `text` without these pieces of it."""
    parts, at = [], 0
    for span in sorted(spans):
        parts.append(text[at : span.start])
        at = span.end
    return re.sub(r" {2,}", " ", "".join([*parts, text[at:]])).strip()
