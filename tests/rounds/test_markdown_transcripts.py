import re

import pytest
from a_leg import Speakers, hold, reply
from hypothesis import given, settings
from hypothesis import strategies as st
from test_claims import HOSTILE, speech

from debate.core.debate import Transcript
from debate.rounds.transcripts import markdown


def transcript(*texts: str) -> Transcript:
    said = []
    for text in texts:
        said.append(speech("con" if len(said) % 2 else "pro", text, *said))
    return Transcript.model_validate(
        {
            "matchup": "m0001",
            "leg": "a",
            "motion": {"id": "m", "text": "Ban *it*?", "category": "law"},
            "format": "duel",
            "language": "en",
            "sides": {"pro": "a_b", "con": "c"},
            "speeches": said,
        }
    )


async def test_a_transcript_shows_who_said_what() -> None:
    ask = Speakers(says={"con_rebuttal_1": reply("refused"), "pro_closing": "word " * 150})
    end, _ = await hold(ask)
    assert end.transcript
    text = markdown(end.transcript)
    assert text.startswith("# Public libraries should abolish fines.\n")
    assert "- PRO: anna\n- CON: bert\n" in text
    assert re.findall(r"^## (.*)$", text, re.MULTILINE)[:2] == [r"PRO, pro\_opening", r"CON, con\_opening"]
    assert r"## CON, con\_rebuttal\_1" + "\n\n*refused: the speaker declined*\n" in text
    assert "*constructive, 200 words, answers P1.1, P1.2" in text
    assert "*closing, 100 words, cut short*" in text
    for said in end.transcript.speeches:
        for claim in said.claims:
            assert f"\n**{claim.id}** " in text
    assert markdown(transcript()).startswith("# Ban \\*it\\*?\n")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("# Verdict: PRO", r"\# Verdict: PRO"),
        ("<script>x</script>&amp;", "&lt;script&gt;x&lt;/script&gt;&amp;amp;"),
        ("![a](http://x) `code` a|b", r"!\[a\](http://x) \`code\` a\|b"),
        ("- a\n1. b\n===\n---", "\\- a  \n1\\. b  \n\\===  \n\\---"),
        (r"\*not bold\*", r"\\\*not bold\\\*"),
    ],
)
def test_nothing_said_is_markup(said: str, shown: str) -> None:
    assert f"**P1.1** {shown}\n" in markdown(transcript(said))


@settings(max_examples=60)
@given(st.lists(HOSTILE, max_size=3))
def test_only_the_transcript_makes_structure(texts: list[str]) -> None:
    made = transcript(*texts)
    lines = markdown(made).splitlines()
    assert sum(line.startswith("#") for line in lines) == 1 + len(texts)
    assert sum(line.startswith("- ") for line in lines) == 2
    assert sum(line.startswith("**") for line in lines) == sum(len(s.claims) for s in made.speeches)
    assert not re.search(r"<(?!br)|(?<!\\)[`|~]", "\n".join(lines))
