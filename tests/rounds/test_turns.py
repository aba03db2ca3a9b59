import pytest
from a_leg import format_named
from hypothesis import given
from hypothesis import strategies as st

from debate.core.format import Format
from debate.rounds.turns import turns

DUEL = [
    ("pro_opening", "pro", 200, 333),
    ("con_opening", "con", 200, 333),
    ("pro_rebuttal_1", "pro", 150, 250),
    ("con_rebuttal_1", "con", 150, 250),
    ("pro_rebuttal_2", "pro", 150, 250),
    ("con_rebuttal_2", "con", 150, 250),
    ("pro_closing", "pro", 100, 167),
    ("con_closing", "con", 100, 167),
]
# Half of 6, 3, 7, 3, 4, 6 and 3 minutes at 150 words; three questions and answers share 225 words, 37 each.
LINCOLN_DOUGLAS = [
    ("AC", "pro", 450, 750),
    *((f"CX1.{i}", "con" if i % 2 else "pro", 37, 62) for i in range(1, 7)),
    ("NC", "con", 525, 875),
    *((f"CX2.{i}", "pro" if i % 2 else "con", 37, 62) for i in range(1, 7)),
    ("1AR", "pro", 300, 500),
    ("NR", "con", 450, 750),
    ("2AR", "pro", 225, 375),
]
# In a crossfire PRO asks, CON answers, CON asks, PRO answers, PRO asks, CON answers.
CROSSFIRE = ["pro", "con", "con", "pro", "pro", "con"]
PUBLIC_FORUM = [
    ("pro_case", "pro", 300, 500),
    ("con_case", "con", 300, 500),
    *((f"XF1.{i}", side, 37, 62) for i, side in enumerate(CROSSFIRE, 1)),
    ("pro_rebuttal", "pro", 300, 500),
    ("con_rebuttal", "con", 300, 500),
    *((f"XF2.{i}", side, 37, 62) for i, side in enumerate(CROSSFIRE, 1)),
    ("pro_summary", "pro", 225, 375),
    ("con_summary", "con", 225, 375),
    *((f"GXF.{i}", side, 37, 62) for i, side in enumerate(CROSSFIRE, 1)),
    ("pro_final_focus", "pro", 150, 250),
    ("con_final_focus", "con", 150, 250),
]


@pytest.mark.parametrize(
    ("name", "table"), [("duel", DUEL), ("lincoln_douglas", LINCOLN_DOUGLAS), ("public_forum", PUBLIC_FORUM)]
)
def test_order_sides_and_caps_of_the_shipped_formats(name: str, table: list[tuple[str, str, int, int]]) -> None:
    format = format_named(name)
    assert format.name == name
    english = [(turn.id, turn.side, turn.words) for turn in turns(format, "en")]
    assert english == [(id, side, words) for id, side, words, _ in table]
    assert [turn.words for turn in turns(format, "zh")] == [characters for *_, characters in table]


@pytest.mark.parametrize("name", ["duel", "lincoln_douglas", "public_forum"])
def test_both_sides_have_the_same_time(name: str) -> None:
    steps = format_named(name).steps
    words = {
        side: sum(step.words for step in steps if step.side == side and step.kind != "cross") for side in ("pro", "con")
    }
    assert words["pro"] == words["con"]


def test_speakers_and_who_asks() -> None:
    forum = {turn.id: turn for turn in turns(format_named("public_forum"), "en")}
    assert [forum[id].speaker for id in ("pro_case", "XF1.1", "XF1.2", "pro_rebuttal", "XF2.2", "GXF.4")] == [
        1,
        1,
        1,
        2,
        2,
        "all",
    ]
    assert [forum[f"XF1.{i}"].asks for i in range(1, 7)] == [True, False] * 3
    assert [forum[f"XF1.{i}"].answers for i in range(1, 7)] == [False, True] * 3
    assert not forum["pro_case"].asks and not forum["pro_case"].answers


def test_whoever_spoke_last_is_questioned() -> None:
    format = Format.model_validate(
        {
            "name": "x",
            "steps": [
                {"id": "A1", "side": "pro", "speaker": 1, "kind": "constructive", "words": 100},
                {"id": "A2", "side": "pro", "speaker": 2, "kind": "constructive", "words": 100},
                {"id": "CX", "side": "con", "speaker": 3, "kind": "cross", "words": 100, "exchanges": 1},
                {"id": "N1", "side": "con", "speaker": 1, "kind": "constructive", "words": 100},
            ],
        }
    )
    assert [(turn.id, turn.side, turn.speaker) for turn in turns(format, "en")][2:4] == [
        ("CX.1", "con", 3),
        ("CX.2", "pro", 2),
    ]


@given(st.floats(0.01, 4), st.sampled_from(["duel", "lincoln_douglas", "public_forum"]), st.sampled_from(["en", "zh"]))
def test_every_turn_has_an_id_of_its_own_and_room_for_a_word(scale: float, name: str, language: str) -> None:
    format = format_named(name).model_copy(update={"scale": scale})
    all_turns = turns(format, language)  # type: ignore[arg-type]
    assert len({turn.id for turn in all_turns}) == len(all_turns)
    assert all(turn.words >= 1 for turn in all_turns)
