from typing import Any

import pytest
from a_leg import MATCHUP, Speakers, contestants, format_named, hold, reply, speech_of

from debate.core.debate import Speech, Transcript
from debate.core.errors import UserError
from debate.core.event import Call, Draft
from debate.core.noun import seed_of
from debate.core.words import count_words
from debate.models.protocol import CallFatal, Fault, OnText, Reply, Request
from debate.rounds.moderator import declines
from debate.store.clock import now


def keys(ask: Speakers) -> list[str]:
    return [request.key.removeprefix("m0001/a/") for request in ask.requests]


def kinds(events: list[Draft]) -> list[str]:
    return [event.kind for event in events]


def spoken(end: Any, step: str) -> Speech:
    assert isinstance(end.transcript, Transcript)
    return next(speech for speech in end.transcript.speeches if speech.step == step)


def timeless(speeches: tuple[Speech, ...]) -> list[dict[str, Any]]:
    return [speech.model_dump(exclude={"at"}) for speech in speeches]


async def test_a_leg_without_trouble() -> None:
    ask = Speakers(notes="my plan")
    end, events = await hold(ask)
    assert end.forfeit is None and end.void is None and end.transcript
    transcript = end.transcript
    assert (transcript.matchup, transcript.leg, transcript.format) == ("m0001", "a", "duel")
    assert transcript.sides == {"pro": "anna", "con": "bert"} and transcript.motion.text == MATCHUP.motion.text["en"]
    assert kinds(events) == ["speech"] * 8 and {event.matchup for event in events} == {"m0001"}
    for event, speech, request in zip(events, transcript.speeches, ask.requests, strict=True):
        assert set(event.body) == {"leg", "speech", "notes", "calls"}
        assert Speech.model_validate(event.body["speech"]) == speech
        assert event.body["notes"] == "my plan" and "plan" not in speech.text
        (call,) = [Call.model_validate(call) for call in event.body["calls"]]
        assert call == Call(who=request.who, key=request.key, input=9, cached=3, output=5, usd=0.25, seconds=1.5)
        assert speech.status == "spoken" and not speech.cut and speech.at.endswith("Z")
        assert speech.words == count_words(speech.text) == request.stage.words
        assert request.key == f"m0001/a/{speech.step}/0"
        assert request.seed == seed_of(11, "a", speech.step, 0) & 0x7FFFFFFF
        assert (request.stage.motion, request.stage.side, request.stage.kind) == ("soc-7", speech.side, speech.kind)
    con = transcript.speeches[1]
    assert ask.requests[1].stage.citable == tuple(claim.id for claim in transcript.speeches[0].claims)
    assert con.answers == ask.requests[1].stage.citable[: len(con.answers)] and con.answers


async def test_speeches_have_the_time_of_the_engines_clock() -> None:
    end, _ = await hold(Speakers())
    assert end.transcript
    assert all(len(speech.at) == len(now()) and speech.at.endswith("Z") for speech in end.transcript.speeches)


async def test_sides_are_swapped_on_leg_b() -> None:
    ask = Speakers()
    between = contestants()
    end, _ = await hold(ask, leg="b", between={"pro": between["con"], "con": between["pro"]})
    assert end.transcript and end.transcript.sides == {"pro": "bert", "con": "anna"}
    assert ask.requests[0].who == "bert"


async def test_too_long_is_asked_once_to_be_shorter() -> None:
    ask = Speakers(says={"pro_opening/0": speech_of(230, "en", 1), "pro_opening/1": speech_of(190, "en", 2)})
    end, events = await hold(ask)
    assert keys(ask)[:3] == ["pro_opening/0", "pro_opening/1", "con_opening/0"]
    assert spoken(end, "pro_opening").words == 190 and not spoken(end, "pro_opening").cut
    assert len(events[0].body["calls"]) == 2
    first, again = ask.requests[:2]
    assert again.messages[: len(first.messages)] == first.messages
    assert again.messages[-2].text == speech_of(230, "en", 1)
    assert "230" in again.messages[-1].text and "200" in again.messages[-1].text
    # The draft was never heard: the next prompt goes on from the first one with what was.
    assert ask.requests[3].messages[2].text == speech_of(190, "en", 2)
    assert first.seed != again.seed


async def test_still_too_long_is_cut_where_a_sentence_ends() -> None:
    ask = Speakers(says={"pro_opening": speech_of(230, "en", 1), "con_opening/0": "word " * 250, "con_opening/1": ""})
    end, _ = await hold(ask)
    pro, con = spoken(end, "pro_opening"), spoken(end, "con_opening")
    assert pro.cut and pro.text.endswith(". […]") and 180 <= pro.words <= 200
    assert con.cut and con.text == "word " * 199 + "word […]", "an empty second reply leaves the first"
    assert pro.claims[-1].text.endswith("[…]")


async def test_a_reply_that_broke_off_is_trimmed_and_marked() -> None:
    ask = Speakers(says={"pro_opening": reply("truncated", "One two three. Four five six. Seven ei")})
    end, _ = await hold(ask)
    assert spoken(end, "pro_opening").text == "One two three. Four five six. […]"
    assert spoken(end, "pro_opening").cut


async def test_local_speakers_are_just_cut() -> None:
    ask = Speakers(says={"pro_opening": speech_of(230, "en", 1)})
    end, _ = await hold(ask, between=contestants("local"))
    assert keys(ask)[:2] == ["pro_opening/0", "con_opening/0"]
    assert spoken(end, "pro_opening").cut and spoken(end, "pro_opening").words <= 200


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (reply("empty"), "empty"),
        (reply("ok", " \n—\u200b"), "empty"),
        (reply("ok", "<notes>only a plan</notes>"), "empty"),
        (reply("refused", "No."), "refused"),
        (reply("filtered", "half a sen"), "filtered"),
        (reply("ok", "I'm sorry, but I can't help with that."), "refused"),
    ],
)
async def test_nothing_said_is_asked_again_then_recorded_as_what_it_is(said: Any, status: str) -> None:
    ask = Speakers(says={"con_rebuttal_1": said})
    end, events = await hold(ask)
    assert keys(ask)[3:6] == ["con_rebuttal_1/0", "con_rebuttal_1/1", "pro_rebuttal_2/0"]
    assert end.forfeit is None and end.transcript and len(end.transcript.speeches) == 8
    lost = spoken(end, "con_rebuttal_1")
    assert (lost.status, lost.text, lost.words, lost.claims, lost.answers, lost.cut) == (status, "", 0, (), (), False)
    assert len(events[3].body["calls"]) == 2
    assert "CON lost con_rebuttal_1" in ask.requests[5].messages[-1].text
    assert ask.requests[6].messages[-2].text.endswith("(no speech)")
    assert spoken(end, "con_rebuttal_2").claims[0].id == "C2.1", "a lost turn is no speech of the side"


async def test_a_second_asking_may_succeed() -> None:
    ask = Speakers(says={"pro_opening/0": reply("empty"), "pro_opening/1": speech_of(250, "en", 3)})
    end, _ = await hold(ask)
    assert keys(ask)[:3] == ["pro_opening/0", "pro_opening/1", "con_opening/0"], "no third asking to shorten it"
    assert spoken(end, "pro_opening").cut and end.forfeit is None


async def test_an_answer_that_cannot_be_given_is_an_answer() -> None:
    says = {step: reply("ok", "I cannot discuss this.") for step in ("CX1.1", "CX1.2", "NC")}
    end, _ = await hold(Speakers(says=says), format_named("lincoln_douglas"))
    assert end.transcript
    said = {speech.step: speech.status for speech in end.transcript.speeches}
    assert [said[step] for step in says] == ["spoken", "spoken", "refused"]


async def test_losing_the_first_speech_forfeits() -> None:
    end, events = await hold(Speakers(says={"con_opening": reply("refused", "", Fault("refused", "policy"))}))
    assert end.forfeit == "con" and end.void is None and end.transcript and len(end.transcript.speeches) == 2
    assert kinds(events) == ["speech", "fault", "fault", "speech", "forfeit"]
    assert events[-1].body == {"leg": "a", "side": "con", "cause": "its first speech, con_opening, was refused"}


async def test_losing_two_turns_forfeits() -> None:
    end, events = await hold(Speakers(says={"pro_rebuttal_1": reply("empty"), "pro_closing": reply("filtered")}))
    assert end.forfeit == "pro" and end.transcript and len(end.transcript.speeches) == 7
    assert events[-1].body["cause"] == "lost turns: pro_rebuttal_1 was empty, pro_closing was filtered"


async def test_lost_questions_and_answers_count() -> None:
    ask = Speakers(says={"CX1.1": reply("empty"), "CX1.5": reply("empty")})
    end, _ = await hold(ask, format_named("lincoln_douglas"))
    assert end.forfeit == "con" and keys(ask)[-1] == "CX1.5/1"
    one, _ = await hold(Speakers(says={"CX1.1": reply("empty")}), format_named("lincoln_douglas"))
    assert one.forfeit is None, "a lost question is not a lost opening"


async def test_a_technical_failure_voids_the_leg() -> None:
    fault = Fault("retry", "connection\nreset", 2.5, 4)
    ask = Speakers(says={"con_opening/0": speech_of(250, "en", 1), "con_opening/1": reply("failed", "", fault)})
    end, events = await hold(ask)
    assert end.forfeit is None and end.void == "bert could not be asked for con_opening: connection reset"
    assert kinds(events) == ["speech", "fault", "leg_void"]
    assert events[1].body == {
        "leg": "a", "step": "con_opening", "who": "bert", "key": "m0001/a/con_opening/1", "fault": "retry",
        "attempt": 4, "wait": 2.5, "detail": "connection\nreset",
    }  # fmt: skip
    assert events[2].body["cause"] == end.void
    assert [call["key"] for call in events[2].body["calls"]] == ["m0001/a/con_opening/0"], "what was paid is recorded"


@pytest.mark.parametrize("text", ["", "<notes>a plan that never"])
async def test_a_reply_cut_before_its_first_word_is_given_twice_the_room(text: str) -> None:
    ask = Speakers(says={"con_opening/0": reply("truncated", text), "con_opening/1": speech_of(150, "en", 1)})
    end, events = await hold(ask)
    first, again = ask.requests[1:3]
    assert again.key == "m0001/a/con_opening/1" and again.messages == first.messages
    assert again.max_tokens == 2 * first.max_tokens
    assert end.forfeit is end.void is None and spoken(end, "con_opening").words == 150
    assert len(events[1].body["calls"]) == 2


@pytest.mark.parametrize("first", [reply("truncated"), reply("empty")])
async def test_cut_before_its_first_word_for_good_voids_the_leg(first: Reply) -> None:
    ask = Speakers(says={"con_opening/0": first, "con_opening/1": reply("truncated", "", Fault("truncated", "cut"))})
    end, events = await hold(ask)
    assert end.forfeit is None and end.void is not None and "\n" not in end.void
    assert end.void.startswith("bert used up its tokens for con_opening before its first word")
    assert kinds(events) == ["speech", "fault", "leg_void"] and keys(ask)[-1] == "con_opening/1"
    assert len(events[-1].body["calls"]) == 2, "what was paid is recorded"


async def test_an_empty_reply_gets_no_more_room() -> None:
    ask = Speakers(says={"con_opening": reply("empty")})
    end, _ = await hold(ask)
    assert ask.requests[1].max_tokens == ask.requests[2].max_tokens and end.forfeit == "con"


async def test_faults_are_told_apart_by_call_and_attempt() -> None:
    broke = Fault("retry", "500", 1.0, 0)
    says = {"pro_opening/0": reply("empty", "", broke), "pro_opening/1": reply("ok", "Said.", broke)}
    _, events = await hold(Speakers(says=says))
    faults = [(event.body["key"], event.body["attempt"]) for event in events if event.kind == "fault"]
    assert faults == [("m0001/a/pro_opening/0", 0), ("m0001/a/pro_opening/1", 0)]


async def test_a_fatal_call_ends_the_run_and_names_the_contestant() -> None:
    with pytest.raises(CallFatal, match=r"^contestant bert \(scripted, bert-9b\): no such model$"):
        await hold(Speakers(says={"con_opening": reply("fatal", "", Fault("fatal", "no such model"))}))


async def test_faults_that_were_overcome_are_recorded() -> None:
    slow = reply("ok", speech_of(100, "en", 1), Fault("rate_limit", "429", 1.0, 0), Fault("retry", "500", 2.0, 1))
    end, events = await hold(Speakers(says={"pro_opening": slow}))
    assert kinds(events)[:3] == ["fault", "fault", "speech"] and end.void is None


async def test_live_words_are_the_speech_without_notes() -> None:
    shown: dict[str, str] = {}

    def live(turn: str, piece: str) -> None:
        shown[turn] = shown.get(turn, "") + piece if piece else ""

    says = {
        "pro_opening/0": speech_of(230, "en", 1),
        "pro_opening/1": speech_of(100, "en", 2),
        "con_opening/0": "<notes>secret",
        "con_opening/1": "<notes>secret</notes>\nShown \u202eat last.",
    }
    end, _ = await hold(Speakers(says=says, notes="secret"), live=live)
    assert end.transcript and set(shown) == {speech.step for speech in end.transcript.speeches}
    assert shown["pro_opening"] == speech_of(100, "en", 2), "the second draft takes the place of the first"
    assert shown["con_opening"] == "Shown at last."
    assert shown["con_closing"] == spoken(end, "con_closing").text


async def test_a_text_that_begins_anew_is_shown_anew() -> None:
    class Broken(Speakers):
        async def __call__(self, request: Request, on_text: OnText | None = None) -> Reply:
            if on_text is not None:
                on_text("<notes>half a pl")
                on_text("")
                on_text("<notes></notes>Half a sen")
                on_text("")
            return await super().__call__(request, on_text)

    pieces: list[str] = []
    end, _ = await hold(Broken(notes="secret"), live=lambda turn, piece: pieces.append(piece))
    assert end.transcript and len(end.transcript.speeches) == 8
    assert pieces.count("") == 8
    assert "".join(pieces) == "".join("Half a sen" + speech.text for speech in end.transcript.speeches)


@pytest.mark.parametrize("name", ["duel", "lincoln_douglas"])
async def test_a_leg_resumed_anywhere_ends_the_same_and_asks_only_the_rest(name: str) -> None:
    format = format_named(name)
    last = "con_rebuttal_2" if name == "duel" else "CX2.2"
    says = {last: reply("empty"), format.steps[0].id: speech_of(600, "en", 1) + " [P1.1] \u200b"}
    whole_ask = Speakers(says=dict(says), notes="plan <b>")
    whole, events = await hold(whole_ask, format)
    assert whole.transcript
    bodies = [event.body for event in events if event.kind == "speech"]
    for k in range(len(bodies) + 1):
        ask = Speakers(says=dict(says), notes="plan <b>")
        end, rest = await hold(ask, format, heard=bodies[:k])
        assert end.transcript
        assert timeless(end.transcript.speeches) == timeless(whole.transcript.speeches)
        assert [event.body["speech"]["step"] for event in rest] == [body["speech"]["step"] for body in bodies[k:]]
        steps = {body["speech"]["step"] for body in bodies[:k]}
        assert ask.requests == [request for request in whole_ask.requests if request.stage.step not in steps]


async def test_a_forfeit_that_was_not_yet_recorded_is_recorded_on_resuming() -> None:
    says = {"con_opening": reply("refused")}
    whole, events = await hold(Speakers(says=dict(says)))
    ask = Speakers(says=dict(says))
    end, rest = await hold(ask, heard=[event.body for event in events if event.kind == "speech"])
    assert (end, kinds(rest), ask.requests) == (whole, ["forfeit"], [])


async def test_a_log_of_another_format_is_refused() -> None:
    _, events = await hold(Speakers())
    with pytest.raises(UserError, match="the log has 'pro_opening' where format public_forum has 'pro_case'"):
        await hold(Speakers(), format_named("public_forum"), heard=[events[0].body])


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("I can't help with that.", True),
        ("I’m sorry, but I can’t assist with this request.", True),
        ("Sorry, I cannot participate in this debate.", True),
        ("I'm sorry, but I can't.", True),
        ("抱歉，我无法提供这样的内容。", True),
        ("很抱歉，我不能协助完成此请求。", True),
        ("对不起，我不能参与这个讨论。", True),
        ("I can't help noticing that CON never answered [P1.1].", False),
        ("I'm sorry, but I can't accept that premise: fines do not bring books back.", False),
        ("I cannot help with that. " + "We argue on regardless and at length. " * 8, False),
        ("I cannot provide an exact figure, but the direction is plain.", False),
        ("抱歉，我无法提供确切的数字，但方向是清楚的。", False),
        ("抱歉，我无法接受这个前提，因为罚款并不能让书回来。", False),
        ("No. Libraries can't help with everything.", False),
        ("I cannot engage in a debate on this.", True),
        ("As an AI, I cannot take a side.", True),
        ("As an AI language model, I'm unable to argue for either side of this motion.", True),
        ("I'm sorry, but as an AI I won't participate in this discussion.", True),
        ("I must decline to discuss this topic.", True),
        ("I will not argue for this position.", True),
        ("作为人工智能，我不能选择立场。", True),
        ("I won't continue with what my opponent did.", False),
        ("I won't engage with what CON did to my words.", False),
        ("I cannot take the other side's figure as it stands.", False),
        ("I cannot argue this better than [C1.2] does against itself.", False),
        ("I refuse to accept that libraries need fines.", False),
        ("As an AI system spreads, I cannot help asking who pays.", False),
        ("I cannot discuss fines without the people who pay them.", False),
    ],
)
def test_which_short_replies_decline(text: str, refusal: bool) -> None:
    assert declines(text, "zh" if "，" in text else "en") is refusal
