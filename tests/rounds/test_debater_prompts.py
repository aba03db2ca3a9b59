import json
from itertools import pairwise

import pytest
from a_leg import MOTION, Speakers, contestants, format_named, hold
from hypothesis import given, settings
from hypothesis import strategies as st
from test_claims import HOSTILE

from debate.core.errors import UserError
from debate.core.format import SIDES
from debate.core.noun import Language
from debate.core.words import count_words
from debate.models.protocol import Request
from debate.rounds.prompts import Conversation, handbook
from debate.rounds.turns import turns

LANGUAGES: list[Language] = ["en", "zh"]
FORMATS = ["duel", "lincoln_douglas", "public_forum"]


def sent(request: Request) -> str:
    return "".join(f"\x02{message.role}\x03{message.text}" for message in request.messages)


def common(one: str, other: str) -> str:
    """Returns the longest text with which both begin."""
    length = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[:length]


def share_already_sent(requests: list[Request]) -> float:
    prompts = [sent(request) for request in requests]
    known = sum(
        max((len(common(prompt, before)) for before in prompts[:i]), default=0) for i, prompt in enumerate(prompts)
    )
    return known / sum(map(len, prompts))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_four_fifths_of_a_duels_input_was_already_sent(language: Language) -> None:
    """With speeches and notes that use up all their words, each of which cites the other side."""
    notes = "plan " * 50 if language == "en" else "筹划" * 41
    ask = Speakers(language, notes=notes)
    end, _ = await hold(ask)
    assert end.transcript
    assert len(ask.requests) == 8, "nothing is asked twice, which would add to the share"
    assert all(speech.words == r.stage.words for speech, r in zip(end.transcript.speeches, ask.requests, strict=True))
    assert share_already_sent(ask.requests) >= 0.8


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("provider", ["openai", "local"])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_each_prompt_extends_the_one_before(name: str, provider: str, language: Language) -> None:
    ask = Speakers(language, notes="" if provider == "local" else "plan")
    await hold(ask, format_named(name), between=contestants(provider))
    for who in ("anna", "bert"):
        own = [request.messages for request in ask.requests if request.who == who]
        for before, after in pairwise(own):
            assert after[: len(before)] == before
            assert [message.role for message in after[len(before) :]] == ["assistant", "user"]


@settings(max_examples=25, deadline=None)
@given(st.lists(HOSTILE, min_size=8, max_size=8))
async def test_hostile_speeches_stay_quoted_and_prompts_still_extend(texts: list[str]) -> None:
    order = [turn.id for turn in turns(format_named("duel"), "en")]
    ask = Speakers(says={f"{id}/0": f"x {text}" for id, text in zip(order, texts, strict=True)})
    end, _ = await hold(ask)
    assert end.transcript and len(end.transcript.speeches) == 8
    first = [request for request in ask.requests if request.key.endswith("/0")]
    for who, other in (("anna", "con"), ("bert", "pro")):
        own = [request.messages for request in first if request.who == who]
        assert all(after[: len(before)] == before for before, after in pairwise(own))
        asked = "\n".join(message.text for message in own[-1] if message.role == "user")
        numbered = [line for line in asked.split("\n") if line.startswith("[")]
        said = [claim for s in end.transcript.speeches if s.side == other for claim in s.claims]
        for line, claim in zip(numbered, said, strict=False):
            head, _, quoted = line.partition(" ")
            assert (head, json.loads(quoted)) == (f"[{claim.id}]", claim.text)
        assert len(numbered) == len(said) - (len(end.transcript.speeches[-1].claims) if other == "con" else 0)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_system_prompt_is_the_same_for_everyone_and_marked_for_caching(name: str, language: Language) -> None:
    format = format_named(name)
    first_turn = {turn.side: turn for turn in reversed(turns(format, language))}
    systems = set()
    for side in SIDES:
        for motion in (MOTION, MOTION.model_copy(update={"id": "other", "text": {language: "x"}})):
            contestant = contestants("openai", strategy=f"be {side}")[side]
            system = Conversation(format, language, motion, side, contestant).ask(first_turn[side], [])[0]
            assert system.role == "system" and system.cache
            systems.add(system.text)
    assert len(systems) == 1


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_handbook_shows_every_step_with_its_cap(name: str, language: Language) -> None:
    format = format_named(name)
    lines = handbook(format, language).split("\n")
    colon = ": " if language == "en" else "："
    for turn in turns(format, language):
        row = next(line for line in lines if f" {turn.step.id}{colon}" in line)
        assert str(turn.words) in row
    assert "{" not in handbook(format, language)


def test_notes_are_only_spoken_of_where_there_are_any() -> None:
    format = format_named("duel")
    assert "<notes>" in handbook(format, "en") and "at most 50 words" in handbook(format, "en")
    assert "最多83字" in handbook(format, "zh")
    for language in LANGUAGES:
        silent = handbook(format.model_copy(update={"notes": 0}), language)
        assert "notes" not in silent and "笔记" not in silent


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_a_speaker_is_told(language: Language) -> None:
    ask = Speakers(language)
    await hold(ask, between=contestants("openai", strategy="Use short sentences."))
    pro, con = ask.requests[0].messages, ask.requests[1].messages
    for messages, own, other in ((pro, "P1.1", "[C1.1]"), (con, "C1.1", "[P1.1]")):
        first = messages[1].text
        assert MOTION.text[language] in first and MOTION.info and MOTION.info[language] in first
        assert own in first and other in first and "Use short sentences." in first
    shared = common(pro[1].text, con[1].text)
    assert MOTION.info and MOTION.info[language] in shared
    assert "pro_opening" in con[1].text
    everything = "".join(sent(request) for request in ask.requests)
    assert not any(name in everything for name in ("anna", "bert", "anna-9b"))


async def test_own_claims_are_named_where_they_are_not_the_paragraphs() -> None:
    sentence = "Readers who owe money do not come back."
    ask = Speakers(says={"pro_opening": " ".join([sentence] * 4)})
    await hold(ask)
    assert (
        'Your claims are now: P1.1 "Readers who owe money do not…"; P1.2 "Readers' in ask.requests[2].messages[-1].text
    )
    assert "Your paragraphs are now C1.1 to C1.4." in ask.requests[3].messages[-1].text


async def test_small_local_models_get_little_to_read() -> None:
    ask = Speakers()
    end, _ = await hold(ask, format_named("lincoln_douglas"), between=contestants("local", "Be kind."))
    assert end.transcript
    speeches = {speech.step: speech.text for speech in end.transcript.speeches}
    assert count_words(ask.requests[0].messages[0].text) <= 70
    by_turn = {request.stage.step: request.messages[-1].text for request in ask.requests}
    assert "Be kind." in by_turn["AC"]
    # Since its own last turn CON heard one answer, and PRO one speech.
    assert by_turn["NC"].startswith(f"Your opponent said: {json.dumps(speeches['CX1.6'])}")
    assert by_turn["2AR"].startswith(f"Your opponent said: {json.dumps(speeches['NR'])}")
    assert all(request.max_tokens <= 1.5 * request.stage.words + 1 for request in ask.requests)


def test_a_motion_without_the_language_is_the_users_to_mend() -> None:
    motion = MOTION.model_copy(update={"text": {"en": "x"}})
    with pytest.raises(UserError, match="motion soc-7: no text in 'zh', only in en"):
        Conversation(format_named("duel"), "zh", motion, "pro", contestants()["pro"])
