"""What lint says of small bad banks, and how it fares with a large one."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from debate.core.motion import Motion
from debate.motions.lint import ALIKE, lint, near_duplicates

EN = "This house would make voting in national elections compulsory"
ZH = "本院将在全国性选举中实行强制投票"


def motion(en: str = EN, zh: str = ZH, name: str = "m", **rest: object) -> Motion:
    text = {language: words for language, words in (("en", en), ("zh", zh)) if words}
    return Motion(id=name, text=text, category="politics", **rest)  # type: ignore[arg-type]


def rules(*motions: Motion) -> list[str]:
    return [finding.rule for finding in lint(motions)]


def test_a_good_motion_has_no_findings() -> None:
    assert lint([motion(info={"en": "A fact.", "zh": "一个事实。"})]) == []


@pytest.mark.parametrize(
    ("en", "zh", "expected"),
    [
        (EN, "", ["languages"]),
        ("", ZH, ["languages"]),
        ("This house would rest", ZH, []),
        ("This house rests", ZH, ["length"]),
        ("This house would " + "work " * 37, ZH, []),
        ("This house would " + "work " * 38, ZH, ["length"]),
        (EN, "本院将禁止斗牛", ["length"]),
        (EN, "本院将禁止斗牛呢", []),
        (EN, "本院" + "将" * 69, ["length"]),
        ("We should make voting compulsory", ZH, ["opening"]),
        ("This household would make voting compulsory", ZH, ["opening"]),
        (EN, "我们将在全国性选举中实行强制投票", ["opening"]),
        ("This house would ban all advertising", ZH, ["dogmatic"]),
        ("This house would Never negotiate with rebels", ZH, ["dogmatic"]),
        ("This house believes that everyone lies", ZH, ["dogmatic"]),
        ("This house would hold all-party talks every four years", ZH, []),
        ("This house believes that small allies win", ZH, []),
        (EN, "本院将禁止一切商业广告", ["dogmatic"]),
        (EN, "本院绝对反对强制投票制度", ["dogmatic"]),
        (EN, "本院将以绝对多数决定土地所有权的归属", []),
        ("This house would make voting compulsory, or not?", ZH, ["question"]),
        (EN, "本院是否应当实行强制投票？", ["question"]),
        ("This house would ban cars. Cities should be quiet", ZH, ["compound"]),
        ("This house would ban cars; trains would be free", ZH, ["compound"]),
        ("This house would ban cars and would make trains free", ZH, ["compound"]),
        ("This house would tax sugar and/or salt", ZH, ["compound"]),
        ("This house would raise the U.S. minimum wage", ZH, []),
        (EN, "本院将禁止私家车，并将使火车免费", ["compound"]),
        (EN, "本院将禁止私家车；火车应当免费", ["compound"]),
    ],
)
def test_wording(en: str, zh: str, expected: list[str]) -> None:
    assert rules(motion(en, zh)) == expected


def test_an_info_slide_needs_the_motions_languages() -> None:
    (finding,) = lint([motion(info={"en": "A fact."})])
    assert finding == ("m", "languages", "has an info slide, but not in zh")


def test_near_duplicates_are_told_of_the_later_motion() -> None:
    twins = [
        motion(name="first"),
        motion("This house would abolish standing armies", "本院将废除常备军队制度", name="other"),
        motion("This house would make voting in all national elections compulsory", "本院将废除学校考试", name="later"),
        motion("This house would fund public parks", "本院将在全国选举中实行强制投票", name="chinese"),
    ]
    assert [(f.motion, f.rule) for f in lint(twins)] == [
        ("later", "dogmatic"),
        ("later", "duplicate"),
        ("chinese", "duplicate"),
    ]
    assert "'first'" in lint(twins)[1].words


def test_the_opening_is_no_likeness() -> None:
    assert near_duplicates(["This house believes that cats rule", "This house believes that dogs dance"], "en") == []
    assert near_duplicates(["This house would ban zoos", "THIS HOUSE WOULD BAN ZOOS!"], "en") == [(0, 1)]
    assert near_duplicates([], "en") == []


@given(st.lists(st.text(alphabet="ab c", max_size=12), max_size=12))
def test_near_duplicates_equal_the_definition(texts: list[str]) -> None:
    def grams(text: str) -> set[str]:
        padded = f" {text.strip()} "
        return {padded[i : i + 4] for i in range(max(1, len(padded) - 3))}

    def likeness(a: set[str], b: set[str]) -> float:
        return len(a & b) / len(a | b)

    sets = [grams(text) for text in texts]
    expected = [(i, j) for j in range(len(sets)) for i in range(j) if likeness(sets[i], sets[j]) >= ALIKE]
    assert sorted(near_duplicates(texts, "en")) == sorted(expected)


def test_ten_thousand_motions_take_seconds() -> None:
    random_words = random.Random(7)
    syllables = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
    words = ["".join(random_words.choices(syllables, k=random_words.randint(2, 4))) for _ in range(4000)]
    ideograms = [chr(0x4E00 + i) for i in range(2000)]
    bank = [
        motion(
            "This house would " + " ".join(random_words.choices(words, k=random_words.randint(7, 15))),
            "本院将" + "".join(random_words.choices(ideograms, k=random_words.randint(12, 40))),
            f"m{number}",
        )
        for number in range(9990)
    ]
    planted = [motion(bank[i].text["en"] + " today", bank[i + 1].text["zh"] + "吗", f"twin{i}") for i in range(10)]
    start = time.process_time()
    findings = lint(bank + planted)
    assert time.process_time() - start < 30
    assert [(f.motion, f.rule) for f in findings] == [(f"twin{i}", "duplicate") for i in range(10)]
    assert all(f"'m{i}', 'm{i + 1}'" in finding.words for i, finding in enumerate(findings))
