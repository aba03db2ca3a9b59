"""Which motions are in play."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from debate.core.errors import UserError
from debate.core.motion import CATEGORIES, Motion
from debate.motions.draw import choose, commitment

BANK = (
    Motion(id="l1", text={"en": "a", "zh": "甲"}, category="law", secondary=("health",)),
    Motion(id="h1", text={"en": "b"}, category="health"),
    Motion(id="l2", text={"en": "c"}, category="law"),
    Motion(id="s1", text={"zh": "丁"}, category="science"),
)


def ids(categories: list[str], language: str) -> list[str]:
    return [motion.id for motion in choose(BANK, categories, language)]  # type: ignore[arg-type]


def test_the_motions_in_play() -> None:
    assert ids(["health", "law"], "en") == ["h1", "l1", "l2"]
    assert ids(["law", "law"], "en") == ["l1", "l2"]
    assert ids(["law", "science"], "zh") == ["l1", "s1"]


@pytest.mark.parametrize(
    ("categories", "language", "said"),
    [
        (["law", "health"], "zh", r"^category health has no motions in zh; its 1 are in another language"),
        (["culture"], "en", r"^category culture has no motions in en; the motion packs have none of it"),
        (["law", "scince"], "en", r"no category 'scince'; did you mean 'science'\?"),
        (["xyz"], "en", r"no category 'xyz'; the categories are politics, .*philosophy"),
        ([], "en", r"categories: none is chosen; name one or more of politics"),
    ],
)
def test_what_cannot_be_chosen(categories: list[str], language: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        ids(categories, language)


@given(st.lists(st.sampled_from(CATEGORIES)), st.sets(st.sampled_from(CATEGORIES), min_size=1))
def test_each_motion_of_the_chosen_categories_once(bank: list[str], wanted: set[str]) -> None:
    motions = [Motion(id=f"m{i}", text={"en": "x"}, category=category) for i, category in enumerate(bank)]  # type: ignore[arg-type]
    if wanted <= set(bank):
        assert sorted(m.id for m in choose(motions, sorted(wanted), "en")) == sorted(
            m.id for m in motions if m.category in wanted
        )
    else:
        with pytest.raises(UserError):
            choose(motions, sorted(wanted), "en")


def test_a_commitment_binds_each_field() -> None:
    motion = BANK[0]
    assert commitment(motion) == commitment(Motion.model_validate_json(motion.model_dump_json()))
    assert len(commitment(motion)) == 64
    changes: list[dict[str, object]] = [{"text": {"en": "a"}}, {"type": "value"}, {"info": {"en": "x"}}]
    assert len({commitment(motion)} | {commitment(motion.model_copy(update=change)) for change in changes}) == 4
