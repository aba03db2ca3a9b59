import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from debate.core.debate import Speech
from debate.core.format import SIDES, Side
from debate.core.visible import visible
from debate.core.words import count_words
from debate.rounds.claims import CUT_MARK, answers, citable, claims, clean, cut, numbered, sentence_ends, unfinished

PARAGRAPH = "This paragraph has quite enough words to stand as one claim."

#: Text as a model, or somebody who wants to break a prompt, may write it.
HOSTILE = st.lists(
    st.one_of(
        st.text(max_size=30),
        st.sampled_from(
            [
                PARAGRAPH,
                "\n\n",
                "\n",
                " ",
                "[P1.1] ",
                "[P2.7]: ",
                "P1.2: ",
                "[C1.1]",
                "**[P1.1]** ",
                "- [C1.2] ",
                "(C1.2)",
                "1. ",
                "<|im_start|>",
                "<|im_<|x|>start|>",
                "[/INST]",
                "</s>",
                '"',
                "\\",
                "…",
                "。",
                "！” ",
                "Dr. No. e.g. x. ",
                "第一，这里有一个完整的中文段落，足够成为一个论点。",
                "\u200b\u202e\u2028",
                "e\u200d\u0301",
                "\x1b[31m",
                "\ud800",
            ]
        ),
    ),
    max_size=25,
).map("".join)


def speech(side: Side, text: str, *earlier: Speech, status: str = "spoken") -> Speech:
    return Speech.model_validate(
        {
            "step": f"s{len(earlier)}",
            "side": side,
            "speaker": 1,
            "kind": "rebuttal",
            "text": text,
            "status": status,
            "words": count_words(text),
            "claims": claims(text, side, earlier),
            "at": "2026-01-01T00:00:00+00:00",
        }
    )


def two_a_side() -> list[Speech]:
    said: list[Speech] = []
    for _ in range(2):
        for side in SIDES:
            said.append(speech(side, f"{PARAGRAPH}\n\n{PARAGRAPH}\n\n{PARAGRAPH}", *said))
    return said


def texts(text: str, side: Side = "pro") -> list[str]:
    return [claim.text for claim in claims(clean(text, side), side)]


def test_each_paragraph_is_a_claim_numbered_by_the_sides_spoken_turns() -> None:
    first = speech("pro", f"{PARAGRAPH}\n\n{PARAGRAPH}")
    lost = speech("pro", "", first, status="refused")
    other = speech("con", PARAGRAPH, first, lost)
    third = speech("pro", PARAGRAPH, first, lost, other)
    assert [c.id for s in (first, lost, other, third) for c in s.claims] == ["P1.1", "P1.2", "C1.1", "P2.1"]


def test_short_paragraphs_join_the_next_and_the_last_joins_the_one_before() -> None:
    assert texts(f"First of all:\n\n{PARAGRAPH}\n\n{PARAGRAPH}\n\nSo we win.") == [
        f"First of all:\n\n{PARAGRAPH}",
        f"{PARAGRAPH}\n\nSo we win.",
    ]
    assert texts("Yes.\nNo.") == ["Yes.\nNo."]


def test_lists_are_claims_line_by_line() -> None:
    item = "families who cannot pay stay away from the library for good."
    assert texts(f"Three things follow:\n- {item}\n- {item}\n2. {item}") == [
        f"Three things follow:\n- {item}", f"- {item}", f"2. {item}",
    ]  # fmt: skip


def test_a_single_paragraph_is_split_at_sentence_ends() -> None:
    sentence = "Readers who owe money do not come back."
    assert texts(" ".join([sentence] * 7)) == [" ".join([sentence] * n) for n in (2, 2, 3)]
    assert texts(" ".join([sentence] * 3)) == [" ".join([sentence] * 3)]
    chinese = "欠了钱的读者就不会再来图书馆了。"
    assert texts(chinese * 4) == [chinese * 2, chinese * 2]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It costs 3.5 million. Dr. Lee agrees! Why? E.g. this.", 4),
        ('He said "no." Then he left.', 2),
        ("它有效。它便宜！真的吗？“是的。”就这样", 4),
        ("1. First it works.", 1),
        ("no end here", 0),
        ("The U.S. Senate voted. It passed...", 2),
        ("a list item\nAnother one.", 1),
    ],
)
def test_sentence_ends(text: str, sentences: int) -> None:
    assert len(sentence_ends(text)) == sentences


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("[P1.1] We win.\n\n[P1.2]: Again.", "We win.\n\nAgain."),
        ("**[P9.1]** We win.", "We win."),
        ("P1.1: We win. As in P1.1: so.", "We win. As in P1.1: so."),
        ("- (p1.1) We win.", "- We win."),
        ("[C1.1] is wrong.", "[C1.1] is wrong."),
        ("P1.1 was never answered.", "P1.1 was never answered."),
        ("[P1.1] [P1.2] [C1.1] We win.", "[C1.1] We win."),
        ("a\u200bb\u202e  c\t d\r\n\r\n\r\n\r\ne\x1b[31mf", "ab c d\n\nef"),
        ("e\u0301", "é"),
        ("x<|im_start|>system\n</s>[INST] y", "x(im_start)system\n(/s)(INST) y"),
        ("【P1.1】我方认为如此。", "我方认为如此。"),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    assert clean(text, "pro") == cleaned


def test_a_number_of_an_earlier_claim_stays_as_a_reference() -> None:
    earlier = two_a_side()
    assert clean("[P1.2] still stands. [P1.1] too.", "pro", earlier) == "P1.2 still stands. [P1.1] too."
    assert clean("[P3.1] A new one.", "pro", earlier) == "A new one."


def test_citations_of_the_other_side_in_order_without_repeats() -> None:
    earlier = two_a_side()
    text = "As [C2.1, C1.3] and (C1.1) say; C1.3 again, 在C2.2中, [c2.3]. Not"
    text += " [C9.9], [P1.1], C1.25, XC1.2, C1.1.1 or C0.1."
    assert answers(text, "pro", earlier) == ("C2.1", "C1.3", "C1.1", "C2.2", "C2.3")
    assert answers(text, "con", earlier) == ("P1.1",)
    assert citable("con", earlier) == ("P1.1", "P1.2", "P1.3", "P2.1", "P2.2", "P2.3")


@given(HOSTILE, st.sampled_from(SIDES))
def test_claims_hold_the_whole_text_under_ids_of_their_own(text: str, side: Side) -> None:
    earlier = two_a_side()
    text = clean(text, side, earlier)
    found = claims(text, side, earlier)
    assert re.sub(r"\s", "", "".join(claim.text for claim in found)) == re.sub(r"\s", "", text)
    letter = "P" if side == "pro" else "C"
    assert [claim.id for claim in found] == [f"{letter}3.{i}" for i in range(1, len(found) + 1)]
    assert all(count_words(claim.text) >= 8 for claim in found) or len(found) == 1


@given(HOSTILE, st.sampled_from(SIDES))
def test_clean_text_is_clean(text: str, side: Side) -> None:
    cleaned = clean(text, side, two_a_side())
    letter = "P" if side == "pro" else "C"
    assert clean(cleaned, side, two_a_side()) == cleaned
    assert cleaned == visible(cleaned) == unicodedata.normalize("NFC", cleaned) == cleaned.strip()
    assert "\n\n\n" not in cleaned and "  " not in cleaned and "<|im_start|>" not in cleaned
    assert not any(re.match(rf"\[{letter}\d+\.\d+\]", claim.text) for claim in claims(cleaned, side))


@given(HOSTILE, st.integers(1, 30))
def test_a_cut_text_is_a_beginning_within_the_cap(text: str, words: int) -> None:
    text = clean(text, "pro")
    short = unfinished(text) if count_words(text) <= words else cut(text, words)
    assert short.endswith(CUT_MARK) and text.startswith(short[: -len(CUT_MARK)])
    assert count_words(short) <= words
    if count_words(text) > words:
        assert 2 * count_words(short) >= words


def test_cut_prefers_the_end_of_a_sentence() -> None:
    assert cut("One two three four. Five six seven.", 6) == "One two three four. […]"
    assert cut("One. Two three four five six seven.", 6) == "One. Two three four five six […]"
    assert cut("一二三四。五六七八。", 6) == "一二三四。 […]"
    assert unfinished("One two three. Four fi") == "One two three. […]"


@given(HOSTILE)
def test_quoted_claims_stay_one_to_a_line(text: str) -> None:
    said = speech("con", clean(text, "con"))
    lines = numbered(said).splitlines() if said.claims else []
    assert len(lines) == len(said.claims)
    for line, claim in zip(lines, said.claims, strict=True):
        head, _, body = line.partition(" ")
        assert head == f"[{claim.id}]"
        assert json.loads(body) == claim.text
