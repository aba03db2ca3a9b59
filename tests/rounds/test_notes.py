import pytest
from hypothesis import given
from hypothesis import strategies as st

from debate.rounds.notes import Notes, without_notes


@pytest.mark.parametrize(
    ("text", "heard", "notes"),
    [
        ("<notes>plan</notes>\nSpeech.", "\nSpeech.", "plan"),
        ("<NOTES>a < b</Notes>Speech.", "Speech.", "a < b"),
        ("<notes>one two three four</notes>x", "x", "one two three"),
        ("Speech <notes>a</notes>goes <notes>b</notes>on", "Speech goes on", "ab"),
        ("<think>hm</think><notes>n</notes>S", "S", "n"),
        ("<notes>never closed", "", "never closed"),
        ("a <b> c <note> d <", "a <b> c <note> d <", ""),
        ("<<notes>x</notes>y", "<y", "x"),
        ("no notes", "no notes", ""),
        ("<NOTES >plan</ NOTES >Speech.", "Speech.", "plan"),
        ('< notes private="true">plan</notes>Speech.', "Speech.", "plan"),
        ("[notes]plan[/notes] Speech [P1.2].", " Speech [P1.2].", "plan"),
        ("<notes>plan[/Notes]Speech.", "Speech.", "plan"),
        ("【notes】plan【/notes】Speech.", "Speech.", "plan"),
        ("＜notes＞plan＜/notes＞Speech.", "Speech.", "plan"),
        ("<笔记>先立后破</笔记>发言。", "发言。", "先立后"),
        ("<reasoning>hm</reasoning>S<thoughts>x</thoughts>T", "ST", ""),
        ("[thinking]\nhm\n[/thinking]\nS", "\nS", ""),
        ("<Scratchpad>x</scratchpad>S <reflection>never closed", "S ", ""),
        ("[notes", "[notes", ""),
        ("<notesy>x [noted] <think tank", "<notesy>x [noted] <think tank", ""),
        ("[P1.2] The <reasons> [think of it]", "[P1.2] The <reasons> [think of it]", ""),
        ("<notes>a <think>b</think> c</notes>S", "S", "a <think>b"),
    ],
)
def test_notes_are_taken_off(text: str, heard: str, notes: str) -> None:
    assert without_notes(text, 3) == (heard, notes)


PIECES = st.lists(
    st.text(max_size=5)
    | st.sampled_from(["<notes>", "</notes>", "<no", "tes>", "</", "<think>", "</think>", "İ", "<"])
    | st.sampled_from(["<notes ", "[notes]", "[/ notes", " >", "]", "[", "< thin", "k x=", "noteſ", "笔记】"]),
    max_size=12,
)


@given(PIECES)
def test_it_does_not_matter_how_the_words_come(pieces: list[str]) -> None:
    whole = without_notes("".join(pieces), 1000)
    for parts in (pieces, list("".join(pieces))):
        notes = Notes()
        heard = "".join(notes.feed(part) for part in parts)
        assert (heard + notes.close(), notes.text(1000)) == whole


@given(PIECES, st.text(alphabet="xyz ", max_size=20))
def test_nothing_between_the_tags_is_heard(pieces: list[str], secret: str) -> None:
    before = without_notes("".join(pieces).replace("<", ""), 10)[0]
    heard, _ = without_notes(f"{before}<notes>§{secret}§</notes>after", 10)
    assert heard == f"{before}after"
