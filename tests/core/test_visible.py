import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from debate.core.visible import one_line, visible


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain text, with [/brackets]", "plain text, with [/brackets]"),
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("\x1b]8;;https://example.org\x07link\x1b]8;;\x07", "link"),
        ("\x1b]0;title\x1b\\x", "x"),
        ("\x1b]0;never ended\nnext", "\nnext"),
        ("\x9b2Jx\x90q\x9cy", "xy"),
        ("\x1bcx", "x"),
        ("\x1b", ""),
        ("gpj\u202egnp\u202c.exe\u2066\u2069\u200e", "gpjgnp.exe"),
        ("ze\u200bro\u2060wi\ufeffdth\xad", "zerowidth"),
        ("hid\U000e0068\U000e0069den", "hidden"),
        ("lone \ud83d surrogate", "lone  surrogate"),
        ("one\r\ntwo\rthree\u2028four\x0bfive", "one\ntwo\nthree\nfour\nfive"),
        ("tab\there", "tab here"),
        ("e" + "\u0301" * 9, "e" + "\u0301" * 3),
        ("辩论 שלום café 👍🏽", "辩论 שלום café 👍🏽"),
    ],
)
def test_visible(text: str, seen: str) -> None:
    assert visible(text) == seen


@given(st.text())
def test_nothing_that_steers_is_left(text: str) -> None:
    seen = visible(text)
    assert all(unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp") or char == "\n" for char in seen)
    assert not any(
        unicodedata.bidirectional(char) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        for char in seen
    )
    seen.encode()


@given(st.text(alphabet=st.sampled_from("\x1b[]0m;\x07\\\nab\x9b\x9c"), max_size=20))
def test_no_piece_of_a_sequence_makes_another(text: str) -> None:
    assert visible(visible(text)) == visible(text)


def test_one_line() -> None:
    assert one_line(" a\n\n b\tc ") == "a b c"
    assert one_line("abcdef", 4) == "abc…"
    assert one_line("abcd", 4) == "abcd"
