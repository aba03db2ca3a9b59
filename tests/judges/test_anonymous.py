"""Nothing that judges read tells who debates, and what they argue about stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legs_to_judge import leg, speech

from debate.core.debate import Claim
from debate.judges.anonymous import CODE_NAMES, NAME, blind, clean

NAMES = ("local", "my-model-7B", "plain", "cool-head", "rebutter", "gpt-5.4-mini", "openai", "Zephyra", "nvidia")


def seen(text: str, motion: str = "This house would ban cars") -> str:
    return blind(leg(speech("pro", "1", text), motion=motion), NAMES, 1).speeches[0].text


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("As an AI developed by OpenAI, I say no.", f"As {NAME}, I say no."),
        ("I am a large language model, trained by Google.", f"I am {NAME}."),
        ("As Claude Opus 4.6, made by Anthropic, I say no.", f"As {NAME}, made by {NAME}, I say no."),
        ("ChatGPT, GPT-4o and gpt-5.4-mini agree.", f"{NAME}, {NAME} and {NAME} agree."),
        ("Llama 3.3 70B Instruct spits; a llama spits.", f"{NAME} spits; a llama spits."),
        ("Gemini 2.5 Pro and Grok 4 agree.", f"{NAME} and {NAME} agree."),
        ("my model 7b and my_model_7b agree", f"{NAME} and {NAME} agree"),
        ("My name is Zephyra. I am Zephyra, and able and bold.", f"My name is {NAME}. I am {NAME}, and able and bold."),
        ("So says a cool-head; Cohere agrees.", f"So says a {NAME}; {NAME} agrees."),
        ("I am Opus 4.6, and Fable 5 said so.", f"I am {NAME}, and {NAME} said so."),
        ("As Sonnet, I say no. I'm o3.", f"As {NAME}, I say no. I'm {NAME}."),
        ("I tried llama 3.3, gemini 2.5 pro and gpt.", f"I tried {NAME}, {NAME} and {NAME}."),
        ("So grok says, and o4 too.", f"So {NAME} says, and {NAME} too."),
        ("[P1.1] Trained by Google, I know.", f"[P1.1] Trained by {NAME}, I know."),
        ("So say my developers at Google DeepMind.", f"So say my developers at {NAME}."),
        ("Google's engineers trained me; Meta did not.", f"{NAME}'s engineers trained me; Meta did not."),
        ("Command R+ and Command R agree.", f"{NAME} and {NAME} agree."),
        ("Clаude and CΗATGPΤ说 ᴄʟᴀᴜᴅᴇ.", f"{NAME} and {NAME}说 {NAME}."),
        ("C-l-a-u-d-e, O.p.e.n.A.I and g r o k.", f"{NAME}, {NAME} and {NAME}."),
        ("Qwen says; Nvidia pays.", f"{NAME} says; {NAME} pays."),
        ("Qwen3-Max met DeepSeek-R1 and Mistral Large.", f"{NAME} met {NAME} and {NAME}."),
        ("作为一个由OpenAI开发的人工智能语言模型,我反对。", f"作为{NAME},我反对。"),
        ("我是通义千问,由阿里云开发。", f"我是{NAME}。"),
        ("G\u200bP\u200bT-4 agrees.", f"{NAME} agrees."),
        ("\uff27\uff30\uff34-4 agrees.", f"{NAME} agrees."),
    ],
)
def test_names_are_taken_out(said: str, read: str) -> None:
    assert seen(said) == read


@pytest.mark.parametrize(
    "text",
    [
        "Local councils and local plans decide.",
        "Google and Meta must pay for the roads.",
        "Ideas cohere; we grok them.",
        "As local, as plain and as simple as that.",
        "Plain people need a cool head, and a rebutter Rebutter.",
        "A llama says nothing, the bard says more, and Shakespeare's Sonnet 18 says most.",
        "Poems such as haiku, fables, and Beethoven's Opus 27.",
        "Trained by Google, teachers know. My doctor uses Google.",
        "Ozone, O3, falls. A command rate of 3 in Command Reports.",
        "Россия и Ελλάδα, α = .05, 5 μm, naïve café, ДНК.",
        "A, B, C, D and E; U.S.A. and o.k.",
        "As an AI system grows, it must be tested by somebody.",
        "The claudication of the leg.",
        "3 < 4 and 5 > 2.",
    ],
)
def test_plain_words_stay(text: str) -> None:
    assert seen(text) == text


def test_what_the_motion_names_stays() -> None:
    text = "ChatGPT helps pupils, says Claude."
    assert seen(text, "This house would ban ChatGPT in schools") == f"ChatGPT helps pupils, says {NAME}."
    said = "As ChatGPT, I say no. As ChatGPT spreads, pupils read less."
    assert seen(said, "This house would ban ChatGPT") == f"As {NAME}, I say no. As ChatGPT spreads, pupils read less."
    assert "OpenAI" not in seen("As an AI developed by OpenAI, I say no.", "This house would break up OpenAI")


def test_redactions_are_counted_by_side() -> None:
    transcript = leg(speech("pro", "1", "Claude and GPT-4."), speech("con", "2", "Nobody."))
    assert blind(transcript, (), 1).redacted == {"pro": 2, "con": 0}


def test_claims_carry_their_numbers_once() -> None:
    text = "First point stands.\n\n[P1.2] Second point stands."
    claims = [Claim("P1.1", "First point stands."), Claim("P1.2", "Second point stands."), Claim("P1.3", "Not there.")]
    transcript = leg(speech("pro", "1", text, claims=claims))
    assert blind(transcript, (), 1).speeches[0].text == "[P1.1] First point stands.\n\n[P1.2] Second point stands."


def test_code_names_follow_the_seed_and_differ() -> None:
    pairs = {tuple(blind(leg(), (), seed).names.values()) for seed in range(30)}
    assert len(pairs) > 20
    assert all(one != two and {one, two} <= set(CODE_NAMES) for one, two in pairs)
    assert blind(leg(), (), 5).names == blind(leg(), (), 5).names


def test_markup_and_hidden_text_go() -> None:
    text = "# Title\n**Bold** <b>x</b><!-- hid\nden --> &lt;script&gt;y\r\n\r\n\r\nz\u202e\x07"
    assert clean(text) == "Title\nBold x y\n\nz"
    assert clean("<<b>b>x") == "x"


@given(st.text())
def test_cleaning_is_final_and_shows_no_controls(text: str) -> None:
    once = clean(text)
    assert "\u200b" not in once and "\x00" not in once and "\u202e" not in once
    assert once.encode("utf-8").decode("utf-8") == once
    assert "  " not in once and "\n\n\n" not in once
