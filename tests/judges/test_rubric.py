"""Rubrics load, and a fault in one ends in one line that says where and what."""

from pathlib import Path

import pytest
import yaml

from debate import content
from debate.core.errors import UserError
from debate.core.panel import Panel
from debate.judges.rubric import load_rubric

OWN = """
criteria:
  - name: humour
    weight: 1
    question: {en: Is it funny at all}
"""


def test_the_standard_rubric_is_whole_in_both_languages() -> None:
    rubric = load_rubric("standard")
    assert rubric.weights == {"logic": 0.25, "rebuttal": 0.25, "evidence": 0.20, "style": 0.15, "safety": 0.15}
    for criterion in rubric.criteria:
        assert set(criterion.anchors) == {1, 2, 3, 4, 5}
        assert len(criterion.checks) >= 3
        for words in (criterion.question, *criterion.anchors.values(), *criterion.checks):
            assert set(words) == {"en", "zh"} and all(words.values())


def test_a_users_rubric_goes_before_the_packaged_one(tmp_path: Path) -> None:
    (tmp_path / "standard.yaml").write_text(OWN)
    assert load_rubric("standard", [tmp_path]).weights == {"humour": 1}
    assert load_rubric("standard", [tmp_path]).name == "standard"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (OWN.replace("1", "0.5"), "the weights sum to 0.5, not to 1"),
        (OWN.replace("weight", "wieght"), "did you mean 'weight'?"),
        (OWN.replace("weight: 1", "weight: much"), "criterion 'humour': weight:"),
        (OWN + "extra: 1\n", "unknown key 'extra'"),
        (OWN.replace("at all}", "at all"), ":6: not YAML"),
        ("- a list\n", "needs the key 'criteria'"),
        ("criteria: [1]\n", "criterion number 1"),
        ("", "needs the key 'criteria'"),
    ],
)
def test_a_fault_is_told_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as error:
        load_rubric("mine", [tmp_path])
    assert says in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UserError, match="no rubric 'standart'; did you mean 'standard'"):
        load_rubric("standart")


@pytest.mark.parametrize("name", ["checklist", "mixed", "scripted"])
def test_the_packaged_panels_are_panels(name: str) -> None:
    panel = Panel.model_validate(yaml.safe_load((content.ROOT / "judges" / f"{name}.yaml").read_text()))
    load_rubric(panel.rubric)
    assert any(judge.kind == "checklist" for judge in panel.judges)
    assert panel.seats == (1 if name == "checklist" else 3)
