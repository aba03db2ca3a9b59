"""The motions that come with the package."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import get_args

import pytest

from debate import content
from debate.core.motion import CATEGORIES, Motion, MotionType
from debate.core.noun import Language
from debate.motions.bank import load_packs
from debate.motions.draw import choose, commitment
from debate.motions.lint import lint


@pytest.fixture(scope="module")
def bank() -> tuple[Motion, ...]:
    return load_packs(["standard"], [])


def test_one_file_a_category(bank: tuple[Motion, ...]) -> None:
    assert {path.stem for path in (content.ROOT / "motions").glob("*.yaml")} == set(CATEGORIES)
    for category in CATEGORIES:
        own = load_packs([category], [])
        assert {motion.category for motion in own} == {category}
        assert all(motion.id.startswith(category.replace("_", "-") + "-") for motion in own)


def test_they_lint_clean(bank: tuple[Motion, ...]) -> None:
    assert lint(bank) == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_category_has_thirty_and_each_type(bank: tuple[Motion, ...], language: Language) -> None:
    for category in CATEGORIES:
        own = choose(bank, [category], language)
        assert len(own) >= 30
        types = Counter(motion.type for motion in own)
        assert min(types[type_] for type_ in get_args(MotionType)) >= 4, (category, types)


def test_they_say_where_they_come_from(bank: tuple[Motion, ...]) -> None:
    day = dt.date(2026, 11, 21)
    assert {(m.licence, m.source, m.released) for m in bank} == {("CC-BY-4.0", "The authors of this project", day)}
    assert all(motion.category not in motion.secondary and len(motion.secondary) <= 2 for motion in bank)
    assert len({commitment(motion) for motion in bank}) == len(bank)


OPENINGS = {
    "policy": ("This house would ", "本院将"),
    "actor": ("This house, as ", "本院作为"),
    "fact": ("This house believes that ", "本院认为"),
    "comparative": ("This house prefers ", "本院更倾向于"),
    "regret": ("This house regrets ", "本院对"),
}


def test_both_languages_open_with_the_same_burden(bank: tuple[Motion, ...]) -> None:
    pairs = {"would": "将", "believes": "认为", "supports": "支持", "opposes": "反对"}
    for motion in bank:
        if motion.type == "value":
            verb = motion.text["en"].split()[2]
            assert motion.text["zh"].startswith("本院" + pairs[verb]), motion.id
        else:
            en, zh = OPENINGS[motion.type]
            assert motion.text["en"].startswith(en), motion.id
            assert motion.text["zh"].startswith(zh), motion.id
        assert motion.text["zh"].endswith("感到遗憾") == (motion.type == "regret"), motion.id
        assert not motion.text["en"].endswith(".")
        assert not motion.text["zh"].endswith("。")
