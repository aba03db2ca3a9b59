"""Debates to judge: short ones in good prose, and what is wrong with others."""

from __future__ import annotations

from debate.core.debate import Claim, MotionAsDebated, Speech, Transcript
from debate.core.format import Side, StepKind


def speech(side: Side, step: str, text: str, kind: StepKind = "constructive", **more: object) -> Speech:
    return Speech.model_validate(
        {"step": step, "side": side, "speaker": 1, "kind": kind, "text": text, "words": 1, "at": "now", **more}
    )


def leg(
    *speeches: Speech, motion: str = "This house would ban single-use plastics", language: str = "en"
) -> Transcript:
    return Transcript.model_validate(
        {
            "matchup": "m1",
            "leg": "a",
            "motion": MotionAsDebated(id="env-1", text=motion, category="environment"),
            "format": "duel",
            "language": language,
            "sides": {"pro": "able", "con": "bold"},
            "speeches": speeches,
        }
    )


def duel(pro: list[str], con: list[str], **more: str) -> Transcript:
    """A debate in which the sides take turns; the last speech of each is a closing."""
    speeches = []
    for n, texts in enumerate(zip(pro, con, strict=True)):
        kind: StepKind = "closing" if n and n == len(pro) - 1 else "constructive"
        speeches += [
            speech("pro", f"pro{n}", texts[0], kind, claims=claims("P", n, texts[0])),
            speech("con", f"con{n}", texts[1], kind, claims=claims("C", n, texts[1])),
        ]
    return leg(*speeches, **more)


def claims(letter: str, n: int, text: str) -> list[Claim]:
    return [Claim(f"{letter}{n + 1}.{i}", part) for i, part in enumerate(text.split("\n\n"), 1)]


def swapped(transcript: Transcript) -> Transcript:
    """The same speeches in the same order with the sides exchanged, their claims' numbers too."""
    letters = str.maketrans("PC", "CP")
    other: dict[Side, Side] = {"pro": "con", "con": "pro"}
    return transcript.model_copy(
        update={
            "sides": {"pro": transcript.sides["con"], "con": transcript.sides["pro"]},
            "speeches": tuple(
                s.model_copy(
                    update={
                        "side": other[s.side],
                        "claims": tuple(Claim(c.id.translate(letters), c.text) for c in s.claims),
                        "answers": tuple(a.translate(letters) for a in s.answers),
                    }
                )
                for s in transcript.speeches
            ),
        }
    )


PRO = [
    "We propose that single-use plastics be banned. Because plastic bags break into small particles, rivers and fish "
    "take up poison that ends on our plates.\n\n"
    "A study from Kenya found that drains blocked less often after bags were banned. Therefore the ban protects both "
    "nature and cities.",
    "They say paper costs more, but shoppers can bring their own bags, so the cost falls on nobody who plans ahead.\n\n"
    "Hospitals and syringes are exempt, because no ban in the world covers medicine. Denmark measured climate alone "
    "and left out the particles in rivers, which is our main point about plastics.",
]
CON = [
    "A ban on plastics hurts the poorest shoppers first, since paper bags cost three times as much.\n\n"
    "Hospitals rely on sterile plastic syringes, so a ban would put patients at risk. For example, Denmark reported "
    "that cotton bags must be used thousands of times to be greener.",
    "Kenya's drains improved, but black markets for bags grew too, which means that the ban moved the harm.\n\n"
    "Particles in fish come mostly from tyres, according to a United Nations report, so the ban misses the source of "
    "the poison. We therefore ask for a tax on single-use plastic.",
]
PRO_ZH = [
    "我方认为应当禁止一次性塑料。因为塑料袋会碎成微粒，河流和鱼类吸收之后，这些毒素最终会回到我们的餐桌上。\n\n"
    "根据肯尼亚的研究，禁用塑料袋之后，排水沟堵塞的次数明显减少，所以禁令既保护自然，也保护城市。",
    "对方说纸袋更贵，但是购物者可以自带布袋，因此费用不会落在有准备的人身上。\n\n"
    "医院的注射器不在禁令之内，因为没有哪个国家会禁止医疗用品。对方没有回应我方关于河流微粒的主张。",
]
CON_ZH = [
    "禁止塑料首先会伤害最穷的购物者，因为纸袋的价格是塑料袋的三倍。\n\n"
    "医院依赖一次性的塑料注射器，所以禁令会让病人面临风险。例如丹麦的报告说，布袋要用几千次才更环保。",
    "肯尼亚的排水沟确实有所改善，但是塑料袋的黑市也随之扩大，这意味着禁令只是转移了危害。\n\n"
    "鱼类体内的微粒大多来自轮胎，根据联合国的报告，禁令没有触及毒素的来源，因此我方主张征税。",
]
GIBBERISH = [
    "Purple window seven the the of zxqv lorem jkl banana quantum curtain of the the asdf qwer and and plate.",
    "Oxygen the of yes forty blue run run the and qwe rty uio pas dfg hjk the of in in mountain sev the.",
]
LOOP = [
    "The ban on single-use plastics is good for the world. " * 8,
    "Plastics are bad, so we must ban plastics now. " * 8,
]
OFF_TOPIC = [
    "Compulsory voting raises turnout because citizens plan for it. In Australia, nearly everybody votes, and parties "
    "must speak to all of them.\n\nTherefore the legitimacy of parliament grows, and a small fine is a fair price.",
    "Nobody is forced to choose a party, since a blank ballot is allowed. For example, Belgium has kept the duty for a "
    "century.\n\nYoung citizens learn early that the state is theirs, which means that trust in courts grows.",
]
NO_ANSWER = [
    CON[0],
    "A tax on plastic raises money, because the price is paid by those who throw away most. Ireland took a levy, and "
    "litter fell.\n\nCities could spend that money on bins and sorting, so that less waste reaches the sea.",
]
