"""A transcript as Markdown, for `transcripts/<matchup>-<leg>.md`."""

from __future__ import annotations

import re

from debate.core.debate import Speech, Transcript
from debate.core.format import SIDES
from debate.core.visible import one_line, visible

#: What has a meaning in Markdown or HTML wherever it stands.
_MARKS = re.compile(r"([\\`*_{}\[\]#|~$])")
#: What has one only where a line begins: lists, underlined headings, rules.
_LINE_STARTS = re.compile(r"^([-+=:])|^(\d+)([.)])", re.MULTILINE)

_LOST = {
    "empty": "nothing was said",
    "refused": "the speaker declined",
    "filtered": "held back by the provider's content filter",
}


def markdown(transcript: Transcript) -> str:
    """Returns the transcript as Markdown in which nothing that was said can act as markup."""
    motion = transcript.motion
    lines = [
        f"# {_escaped(one_line(motion.text))}",
        "",
        f"Matchup {_escaped(transcript.matchup)}, leg {transcript.leg}; motion {_escaped(motion.id)} "
        f"({_escaped(motion.category)}); format {_escaped(one_line(transcript.format))}.",
        "",
        *(f"- {side.upper()}: {_escaped(transcript.sides[side])}" for side in SIDES),
    ]
    for speech in transcript.speeches:
        lines += ["", *_speech(speech)]
    return "\n".join(lines) + "\n"


def _speech(speech: Speech) -> list[str]:
    heading = f"## {speech.side.upper()}, {_escaped(one_line(speech.step))}"
    if speech.status != "spoken":
        return [heading, "", f"*{speech.status}: {_LOST[speech.status]}*"]
    facts = f"{speech.words} words"
    if speech.answers:
        facts += ", answers " + ", ".join(speech.answers)
    if speech.cut:
        facts += ", cut short"
    lines = [heading, "", f"*{speech.kind}, {facts}*"]
    for claim in speech.claims:
        text = _escaped(visible(claim.text))
        # Two spaces before a break keep the lines of a list apart within its claim.
        lines += ["", f"**{claim.id}** " + re.sub(r"\s*\n\s*", "  \n", text)]
    return lines


def _escaped(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _MARKS.sub(r"\\\1", text)
    return _LINE_STARTS.sub(lambda match: f"\\{match[1]}" if match[1] else f"{match[2]}\\{match[3]}", text)
