"""A run made by hand: a spec, its events sealed as the log seals them, and the state they fold into."""

from __future__ import annotations

import datetime as dt
import json
import random
from pathlib import Path
from typing import Any

from debate.core.ballot import Ballot
from debate.core.contestant import Contestant, Price
from debate.core.debate import LEGS, Claim, Leg, Matchup, Speech
from debate.core.event import GENESIS, Call, Event, EventKind, event_hash
from debate.core.format import Format, Side, Step
from debate.core.motion import Motion
from debate.core.noun import Language, canonical
from debate.core.panel import ChecklistJudge, Criterion, HumanJudge, ModelJudge, Panel, Rubric
from debate.core.rating import Standings
from debate.core.spec import Budget, Cluster, Stop, Store, TournamentSpec
from debate.store.run import Manifest
from debate.tournaments.state import RunState
from debate.tournaments.tally import Tally

START = dt.datetime(2026, 3, 14, 9, 30, tzinfo=dt.UTC)

CRITERIA = {"logic": 0.25, "rebuttal": 0.25, "evidence": 0.20, "style": 0.15, "safety": 0.15}

MOTIONS = (
    (
        "edu-homework",
        "education",
        "This house would abolish homework in primary schools.",
        "本院将在小学取消家庭作业。",
    ),
    ("env-cars", "environment", "This house would ban private cars from city centres.", "本院将禁止私家车进入市中心。"),
    ("health-sugar", "health", "This house would tax sugar as it taxes tobacco.", "本院将像对烟草一样对糖征税。"),
    (
        "ai-labels",
        "ai_digital",
        "This house would require every text written by a machine to say so.",
        "本院将要求所有由机器撰写的文字注明来源。",
    ),
)

_SAID = {
    "en": {
        "opening": (
            "The burden lies on those who would keep things as they are: the cost falls on people who never chose it.",
            "Where this was tried, the change was smaller than feared and the benefit arrived within two years.",
            "A rule that binds everybody is fairer than one that only the careful obey.",
        ),
        "rebuttal": (
            "They say that choice is lost [{cite}], yet a choice only some can afford is not ours to protect.",
            "Their figure counts the first winter alone; the second winter reversed it.",
        ),
        "closing": (
            "Weigh the two worlds: in theirs the harm is certain, in ours it can be mended.",
            "They never answered who pays, and that is the question on which this debate turns.",
        ),
    },
    "zh": {
        "opening": (
            "举证责任在主张维持现状的一方，因为代价落在从未作出选择的人身上。",
            "在已经试行的地方，变化比担心的要小，而收益在两年之内就出现了。",
            "对所有人都有约束力的规则，比只约束自觉者的规则更公平。",
        ),
        "rebuttal": (
            "对方说选择因此丧失 [{cite}]，但只有少数人负担得起的选择，并不是我们必须保护的选择。",
            "对方的数字只统计了第一个冬天，第二个冬天的情况恰恰相反。",
        ),
        "closing": (
            "请比较两个世界：在对方的世界里，损害确定无疑并由所有人承担；在我方的世界里，损害只是可能，而且可以补救。",
            "对方始终没有回答由谁付钱，而这正是本场辩论的关键。",
        ),
    },
}  # fmt: skip


def example_spec(language: Language = "en", contestants: int = 4, **changes: Any) -> TournamentSpec:
    """Returns a spec of four motions in four categories, with a model, a checklist and a human judge."""
    names = ("plain", "evidence-first", "socratic", "steelman")
    made = [
        Contestant(
            id=names[n] if n < len(names) else f"contestant-{n + 1}",
            provider="scripted",
            model=f"model-{n + 1}",
            price=Price(input=1.0, output=4.0),
        )
        for n in range(contestants)
    ]
    steps = [
        Step(id="pro_opening", side="pro", kind="constructive", words=300),
        Step(id="con_opening", side="con", kind="constructive", words=300),
        Step(id="pro_rebuttal", side="pro", kind="rebuttal", words=200, new_arguments="responsive"),
        Step(id="con_rebuttal", side="con", kind="rebuttal", words=200, new_arguments="responsive"),
        Step(id="con_closing", side="con", kind="closing", words=150, new_arguments="none"),
        Step(id="pro_closing", side="pro", kind="closing", words=150, new_arguments="none"),
    ]
    question = {"en": "How good is it?", "zh": "好不好？"}
    values: dict[str, Any] = {
        "name": "example",
        "seed": 7,
        "language": language,
        "format": Format(name="duel", steps=tuple(steps)),
        "contestants": tuple(made),
        "panel": Panel(
            seats=2,
            judges=(
                ModelJudge(id="solomon", provider="scripted", model="judge-1", family="other"),
                ChecklistJudge(id="checklist"),
                HumanJudge(id="anna", name="Anna"),
            ),
        ),
        "rubric": Rubric(
            name="standard",
            criteria=tuple(Criterion(name=name, weight=weight, question=question) for name, weight in CRITERIA.items()),
        ),
        "motions": tuple(
            Motion(id=name, text={"en": en, "zh": zh}, category=category) for name, category, en, zh in MOTIONS
        ),
        "categories": tuple(category for _, category, _, _ in MOTIONS),
        "budget": Budget(matchups=8, usd=5.0),
        "stop": Stop(),
        "cluster": Cluster(),
        "store": Store(),
    }
    return TournamentSpec(**{**values, **changes})


class ExampleRun:
    """Makes events one after the other and folds them into `state`."""

    def __init__(self, spec: TournamentSpec | None = None, seed: int = 3) -> None:
        self.spec = spec or example_spec()
        self.state = RunState(self.spec)
        self.tally = Tally([c.id for c in self.spec.contestants], self.spec.categories, self.spec.rubric.weights)
        self.events: list[Event] = []
        self._random = random.Random(seed)

    def add(self, kind: EventKind, matchup: str = "", /, **body: Any) -> Event:
        """Returns the next event, 2 seconds after the last, once the state has folded it in."""
        seq = len(self.events) + 1
        at = (START + dt.timedelta(seconds=2 * seq)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        prev = self.events[-1].hash if self.events else GENESIS
        body = json.loads(canonical(body))
        event = Event(
            seq=seq,
            at=at,
            kind=kind,
            matchup=matchup,
            body=body,
            prev=prev,
            hash=event_hash(seq, at, kind, matchup, body, prev),
        )
        self.events.append(event)
        self.state.apply(event)
        return event

    def start(self) -> Event:
        """The run begins."""
        return self.add("run_started", manifest="0" * 64, spec=self.spec.model_dump(mode="json"))

    def schedule(self, a: str, b: str, judges: tuple[str, ...] = ("solomon", "checklist")) -> str:
        """Two contestants are paired on the next motion; returns the matchup's id."""
        number = len(self.state.matchups) + 1
        matchup = Matchup(
            id=f"m{number:05}",
            batch=1 + (number - 1) // 4,
            motion=self.spec.motions[(number - 1) % len(self.spec.motions)],
            a=a,
            b=b,
            judges=judges,
            why=f"{a} and {b} are close, and neither has debated this category",
            seed=number,
        )
        self.add("scheduled", matchup.id, **matchup.model_dump(mode="json"))
        return matchup.id

    def speak(self, matchup: str, leg: Leg, text: str | None = None, **changes: Any) -> Event:
        """The next step of a leg is spoken: `text`, or words from the stock."""
        heard = self.state.matchups[matchup].legs[leg].speeches
        step = self.spec.format.steps[len(heard)]
        side: Side = "pro" if step.side == "pro" else "con"
        letter = side[0].upper()
        number = 1 + sum(speech.side == side for speech in heard)
        other = "C" if side == "pro" else "P"
        claims: tuple[Claim, ...] = ()
        answers: tuple[str, ...] = ()
        if text is None:
            kind = "opening" if step.kind == "constructive" else step.kind
            said = [line.format(cite=f"{other}1.2") for line in _SAID[self.spec.language][kind]]
            claims = tuple(Claim(f"{letter}{number}.{n}", line) for n, line in enumerate(said, 1))
            answers = (f"{other}1.2",) if step.kind == "rebuttal" else ()
            text = "\n\n".join(said)
        values: dict[str, Any] = {
            "step": step.id,
            "side": side,
            "speaker": 1,
            "kind": step.kind,
            "text": text,
            "words": len(text.split()),
            "claims": claims,
            "answers": answers,
            "at": "2026-03-14T09:30:00.000Z",
        }
        speech = Speech(**{**values, **changes})
        who = self.state.matchups[matchup].matchup.sides(leg)[side]
        return self.add(
            "speech",
            matchup,
            leg=leg,
            speech=speech.model_dump(mode="json"),
            notes="",
            calls=[self._call(who, step.id)],
        )

    def judge(self, matchup: str, leg: Leg, judge: str, preference: float, reason: str = "") -> Event:
        """A judge of the panel decides a leg; above 0 is for PRO."""
        state = self.state.matchups[matchup].matchup
        sides = state.sides(leg)
        kind = next(j.kind for j in self.spec.panel.judges if j.id == judge)
        base = {name: 3 + self._random.choice((-1, 0, 0, 1)) for name in CRITERIA}
        scores = {
            "pro": {name: min(5.0, max(1.0, value + preference / 2)) for name, value in base.items()},
            "con": {name: min(5.0, max(1.0, value - preference / 2)) for name, value in base.items()},
        }
        ballot = Ballot(
            matchup=matchup,
            leg=leg,
            motion=state.motion.id,
            category=state.motion.category,
            pro=sides["pro"],
            con=sides["con"],
            judge=judge,
            judge_kind=kind,
            preference=preference,
            scores=scores,
            margin=preference * 0.8,
            reason=reason or "The other side left the question of cost unanswered, and it was raised twice.",
            at="2026-03-14T09:40:00.000Z",
        )
        calls = [self._call(judge, f"ballot-{matchup}-{leg}")] if kind == "model" else []
        return self.add("ballot", matchup, leg=leg, ballot=ballot.model_dump(mode="json"), calls=calls)

    def decide(self, matchup: str) -> Event:
        """The verdict that follows from the ballots."""
        verdict = self.tally.fold(matchup, self.state.matchups[matchup].ballots())
        return self.add("verdict", matchup, **verdict.model_dump(mode="json"))

    def leg(self, matchup: str, leg: Leg, strength: float, judges: tuple[str, ...] = ("solomon", "checklist")) -> None:
        """A whole leg: all its speeches, and ballots around `strength` (above 0 is for PRO)."""
        for _ in self.spec.format.steps:
            self.speak(matchup, leg)
        for judge in judges:
            drawn = self._random.gauss(strength, 0.7)
            self.judge(matchup, leg, judge, max(-2, min(2, round(drawn))))
        self.add("leg_done", matchup, leg=leg)

    def matchup(self, a: str, b: str) -> str:
        """A whole matchup with its verdict; earlier contestants are a little stronger, and PRO a little too."""
        name = self.schedule(a, b)
        ids = [c.id for c in self.spec.contestants]
        gap = (ids.index(b) - ids.index(a)) / 2
        self.leg(name, "a", gap + 0.2)
        self.leg(name, "b", -gap + 0.2)
        self.decide(name)
        return name

    def standings(self) -> Standings:
        """The tables and effects after the verdicts so far."""
        return self.tally.standings()

    def write(self, folder: Path) -> None:
        """Writes the manifest, as far as a report needs the folder."""
        manifest = Manifest(
            layout=1,
            run="example-run",
            version="0.1.0",
            revision="abcdef0",
            created="2026-03-14T09:30:00.000Z",
            spec=self.spec,
            motions={motion.id: "0" * 64 for motion in self.spec.motions},
            packages={"ray": "2.50.0"},
        )
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "manifest.json").write_text(manifest.model_dump_json(), "utf-8")

    def _call(self, who: str, key: str) -> dict[str, Any]:
        used = 900 + self._random.randrange(400)
        call = Call(who=who, key=f"{key}/0", input=used, cached=used // 2, output=220, usd=0.0014, seconds=1.5)
        return call.model_dump(mode="json")


def finished_run(language: Language = "en", matchups: int = 8, contestants: int = 4) -> ExampleRun:
    """Returns a run that went well, everybody against everybody in turn, and stopped on its budget."""
    run = ExampleRun(example_spec(language, contestants, budget=Budget(matchups=matchups, usd=5.0)))
    ids = [c.id for c in run.spec.contestants]
    pairs = [(a, b) for n, a in enumerate(ids) for b in ids[n + 1 :]]
    run.start()
    for n in range(matchups):
        a, b = pairs[n % len(pairs)]
        run.matchup(a, b)
    run.add("stopped", reason=f"budget.matchups: {matchups} matchups have been played")
    return run


def eventful_run(language: Language = "en") -> ExampleRun:
    """Returns a run in which something of everything happened, and one leg still waits for a person's ballot."""
    run = ExampleRun(example_spec(language))
    run.start()
    for a, b in (("plain", "evidence-first"), ("socratic", "steelman"), ("plain", "socratic"), ("plain", "steelman")):
        run.matchup(a, b)
    run.add(
        "fault",
        "m00001",
        leg="a",
        step="pro_opening",
        who="plain",
        key="m00001/a/pro_opening/0",
        fault="rate_limit",
        attempt=0,
        wait=2.0,
        detail="429",
    )
    run.add(
        "fault",
        "m00001",
        leg="a",
        step="pro_opening",
        who="plain",
        key="m00001/a/pro_opening/0",
        fault="rate_limit",
        attempt=1,
        wait=4.0,
        detail="429",
    )
    run.add(
        "fault",
        "m00002",
        leg="b",
        step="ballot",
        who="solomon",
        key="m00002/b/judge:solomon/0",
        fault="truncated",
        attempt=0,
        wait=0.0,
        detail="cut",
    )
    refused = run.schedule("evidence-first", "socratic")
    run.speak(refused, "a")
    run.speak(refused, "a", "", status="refused", words=0)
    run.add("forfeit", refused, leg="a", side="con", cause="two refusals")
    run.add("leg_done", refused, leg="a")
    run.add("leg_void", refused, leg="b", cause="the server of evidence-first could not be reached")
    person = run.schedule("evidence-first", "steelman", ("checklist", "anna"))
    for leg in LEGS:
        for n, _ in enumerate(run.spec.format.steps):
            run.speak(person, leg, **({"cut": True} if n == 2 else {}))
        run.judge(person, leg, "checklist", 1.0)
        run.add("awaiting", person, leg=leg, judge="anna")
        run.add("leg_done", person, leg=leg)
    void = run.schedule("socratic", "steelman")
    for _ in range(3):
        run.speak(void, "a")
    run.add("ballot_void", "m00003", leg="a", judge="anna", cause="the ballot did not parse twice", calls=[])
    return run
