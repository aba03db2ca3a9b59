"""The short phrases of prompts, in every language debates are held in. The longer texts are in `prompts/`."""

from __future__ import annotations

import re
from typing import NamedTuple

from debate.core.debate import SpeechStatus
from debate.core.format import NewArguments, Side, StepKind
from debate.core.noun import Language


class Wording(NamedTuple):
    """What things are called. `tasks` and `brief_tasks` also know the two turns of an exchange, `ask` and `answer`."""

    sides: dict[Side, str]
    kinds: dict[StepKind, str]
    new: dict[NewArguments, str]
    tasks: dict[str, str]
    brief_tasks: dict[str, str]
    question: str
    answer: str
    lost: dict[SpeechStatus, str]
    silence: str
    speech_row: str
    speaker: str
    cross_row: str
    crossfire_row: str


WORDING: dict[Language, Wording] = {
    "en": Wording(
        sides={"pro": "PRO", "con": "CON"},
        kinds={
            "constructive": "constructive speech",
            "rebuttal": "rebuttal",
            "reply": "reply",
            "closing": "closing speech",
            "summary": "summary",
            "cross": "cross-examination",
            "crossfire": "crossfire",
        },
        new={
            "open": "anything may be new",
            "extension": "what is new must not contradict your own side",
            "responsive": "no new line of argument",
            "none": "nothing may be new",
        },
        tasks={
            "constructive": "Build your case.",
            "rebuttal": "Answer their claims by number, defend yours, weigh.",
            "reply": "Compare the two cases.",
            "closing": "Say which question decides, and why it is yours.",
            "summary": "Name the deciding questions, and who leads on each.",
            "ask": "Ask one short question.",
            "answer": "Answer the question directly.",
        },
        brief_tasks={
            "constructive": "Write one paragraph {stance} the motion. Give two reasons and an example.",
            "rebuttal": "Write one paragraph {stance} the motion. Say why your opponent is wrong, with a reason.",
            "reply": "Write one paragraph {stance} the motion. Compare both sides and say why yours is stronger.",
            "closing": "Write one paragraph {stance} the motion. Sum up your best reasons. Bring nothing new.",
            "summary": "Write one paragraph {stance} the motion. Name the main question and your best answer to it.",
            "ask": "Ask your opponent one short question about this.",
            "answer": "Answer this question directly.",
        },
        question="question",
        answer="answer",
        lost={
            "empty": "nothing was said",
            "refused": "the speaker declined",
            "filtered": "a content filter held it back",
        },
        silence="(no speech)",
        speech_row="{side}{speaker}, {kind}, at most {words} words",
        speaker=" (speaker {speaker})",
        cross_row="{kind}, {asker} asks and {other} answers, {exchanges} questions, each turn at most {words} words",
        crossfire_row="{kind}, both sides ask and answer by turns, {asker} first, {exchanges} questions, "
        "each turn at most {words} words",
    ),
    "zh": Wording(
        sides={"pro": "正方", "con": "反方"},
        kinds={
            "constructive": "立论",
            "rebuttal": "反驳",
            "reply": "回应",
            "closing": "结辩",
            "summary": "小结",
            "cross": "质询",
            "crossfire": "攻辩",
        },
        new={
            "open": "可以有新论点",
            "extension": "新内容不得与己方矛盾",
            "responsive": "不得新开论证线",
            "none": "不得有任何新论点",
        },
        tasks={
            "constructive": "建立己方的主张。",
            "rebuttal": "标着编号回应对方，守住己方，比较轻重。",
            "reply": "比较双方的主张。",
            "closing": "说出哪个问题决定胜负，为什么它属于己方。",
            "summary": "点出决定胜负的问题，以及各由谁占先。",
            "ask": "提一个简短的问题。",
            "answer": "直接回答这个问题。",
        },
        brief_tasks={
            "constructive": "请作立论发言：给出支持己方的两三个理由，每个理由举一个例子。",
            "rebuttal": "请回应对方：指出这些观点错在哪里，为什么己方更有力。",
            "reply": "请比较双方，说明为什么己方更有力。",
            "closing": "请作结辩：说明为什么己方胜出，不要提新的论点。",
            "summary": "请作小结：点出这场辩论的主要问题，说明为什么己方占先。",
            "ask": "请就此向对方提一个简短的问题。",
            "answer": "请直接回答这个问题。",
        },
        question="提问",
        answer="回答",
        lost={"empty": "没有发言", "refused": "辩手拒绝发言", "filtered": "被内容过滤拦下"},
        silence="（未发言）",
        speech_row="{side}{speaker}，{kind}，最多{words}字",
        speaker="（{speaker} 号辩手）",
        cross_row="{kind}，{asker}提问，{other}回答，{exchanges}个问题，每次最多{words}字",
        crossfire_row="{kind}，双方轮流提问和回答，{asker}先问，{exchanges}个问题，每次最多{words}字",
    ),
}


_HOUSE = (
    (re.compile(r"^this house, as (.+?), would ", re.IGNORECASE), r"\1 should "),
    (re.compile(r"^this house would ", re.IGNORECASE), "we should "),
    (re.compile(r"^this house believes that ", re.IGNORECASE), ""),
    (re.compile(r"^this house (prefer|support|oppose|regret)s ", re.IGNORECASE), r"we should \1 "),
)


def plainly(motion: str) -> str:
    """Returns a motion as a plain sentence without its full stop: small models take `this house` for a parliament."""
    for form, plain in _HOUSE:
        motion = form.sub(plain, motion)
    return motion[:1].upper() + motion[1:].rstrip(".。 ")
