"""What a person can get wrong ends in one line that names it, and leaves nothing behind.

The commands run in this process: they are the same, without the second that a start takes.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from debate.core.event import Draft
from debate.store.log import EventLog, sqlite_url
from tests.end_to_end.playing import CHECKLIST, EASTERN, SCRIPTED, panel, quickly, speakers, write_configuration

Complain = Callable[..., str]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder outside the repository, and nothing in the environment that a command could read."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["debate"])
    for name in [name for name in os.environ if name.endswith("_API_KEY") or name == "DEBATE_STORE_URL"]:
        monkeypatch.delenv(name)
    yield
    assert "ray" not in sys.modules, "a mistake was found only after Ray was loaded"


@pytest.fixture
def complain(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Complain:
    """Runs a command that must refuse; returns its line, once it is clear that no file was left behind."""

    def run(*arguments: str) -> str:
        before = sorted(tmp_path.rglob("*"))
        done = quickly(capsys, *arguments)
        assert sorted(tmp_path.rglob("*")) == before
        return done.complaint()

    return run


@pytest.fixture
def mine(tmp_path: Path) -> Callable[..., list[str]]:
    """Writes a user's own folder and returns the arguments that bring it in, around a tournament of scripted judges."""

    def write(**files: Any) -> list[str]:
        named = {name.replace("__", "/"): holds for name, holds in files.items()}
        folder = write_configuration(tmp_path / "own", named)
        groups = [f"{group}=mine" for group in ("debaters", "judges", "format") if f"{group}/mine" in named]
        last = "tournaments=mine" if "tournaments/mine" in named else "tournaments=smoke"
        return ["tournament", "--config-dir", str(folder), last, *groups]

    return write


SMOKE = ("tournament", "tournaments=smoke")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        # groups and files
        (("debaters=nonsense",), "debaters=nonsense: there is no such file; there are frontier, quickstart, scripted"),
        (("debaters=frontir",), "debaters=frontir: there is no such file; did you mean 'frontier'?"),
        (("judges=mixd",), "judges=mixd: there is no such file; did you mean 'mixed'?"),
        (("format=duell",), "format=duell: there is no such file; did you mean 'duel'?"),
        (("tournaments=smok",), "tournaments=smok: there is no such file; did you mean 'smoke'?"),
        (("cluster=locl",), "cluster=locl: there is no such file; did you mean 'local'?"),
        (("store=sqlit",), "store=sqlit: there is no such file; did you mean 'sqlite'?"),
        (("debaters=3",), "a group takes the name of a file"),
        (("judges=null",), "a group takes the name of a file"),
        (("~debaters",), "debaters is missing"),
        (("--config-dir", "/nonexistent"), "'/nonexistent' not found"),
        # keys
        (("nam=x",), "nam: there is no such key; did you mean 'name'?"),
        (("budget.sdu=3",), "budget.sdu: there is no such key; did you mean 'budget.usd'?"),
        (("+budget.matchup=3",), "budget.matchup is not a known key; did you mean 'matchups'?"),
        (("+sede=3",), "sede is not a known key; did you mean 'seed'?"),
        (("seed",), "'seed' is not of the form key=value"),
        (("seed=1,2",), "a list is written key=[a,b]"),
        # values
        (("seed=abc",), "seed: must be a valid integer, unable to parse string as an integer (it is 'abc')"),
        (("seed=-1",), "seed: must be greater than or equal to 0 (it is -1)"),
        (("seed=1.5",), "seed: must be a valid integer"),
        (("seed=",), "seed: must be a valid integer"),
        (("language=fr",), "language is 'fr'; it is one of en, zh"),
        (("name=a/b",), "name: it becomes part of the folder's name"),
        (("name=",), "name: it becomes part of the folder's name"),
        (("schedule=sometimes",), "schedule is 'sometimes'; it is one of matching, once"),
        (("budget.matchups=-1",), "budget.matchups: must be greater than or equal to 1 (it is -1)"),
        (("budget.matchups=0",), "budget.matchups: must be greater than or equal to 1 (it is 0)"),
        (("budget.matchups=two",), "budget.matchups: must be a valid integer"),
        (("budget.usd=0",), "budget.usd: must be greater than 0 (it is 0)"),
        (("budget.tokens=-5",), "budget.tokens: must be greater than 0"),
        (("budget.minutes=soon",), "budget.minutes: must be a valid number"),
        (("budget=3",), "budget must hold keys, not 3"),
        (("stop.sigma=-2",), "stop.sigma: must be greater than 0"),
        (("cluster.halls=0",), "cluster.halls: must be greater than or equal to 1"),
        (("cluster.debates=many",), "cluster.debates: must be a valid integer"),
        (("format.scale=0",), "format=duel"),
        (("format.notes=-4",), "notes: must be greater than or equal to 0"),
        (("judges.seats=0",), "seats: must be greater than or equal to 1"),
        (("judges.rubric=standrd",), "rubric: there is no rubric 'standrd'; did you mean 'standard'?"),
        (("run=here",), "run must hold keys, not 'here'"),
        (("run.dir=/proc/x",), "run.dir=/proc/x: it cannot be made"),
        # motions and categories
        (("categories=[helth]",), "categories[0] is 'helth'; did you mean 'health'?"),
        (("categories=health",), "categories must be a list, not 'health'"),
        (("categories=[]",), "categories: must have at least 1 item"),
        (("categories=5",), "categories must be a list, not 5"),
        (("motions.packs=[polytics]",), "there is no pack 'polytics'; did you mean 'politics'?"),
        (("motions.packs=politics",), "motions.packs must be a list, not 'politics'"),
        (("motions.packs=[]",), "motions.packs: must have at least 1 item"),
        (("motions.packs=[politics]", "categories=[health]"), "category health has no motions in en"),
        # the environment
        (("store=postgres",), "the configuration reads DEBATE_STORE_URL from the environment; export it"),
        (("store.url=postgresql+psycopg://u:p@h/d",), "password"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_tournament_says_in_one_line_what_is_wrong(
    arguments: tuple[str, ...], words: str, complain: Complain
) -> None:
    assert words in complain(*SMOKE, *arguments)


@pytest.mark.parametrize(
    ("contestants", "words"),
    [
        ([], "contestants: a tournament needs two or more"),
        (SCRIPTED[:1], "contestants: a tournament needs two or more"),
        ([SCRIPTED[0], SCRIPTED[0]], "contestant 'ada' occurs twice"),
        ([*SCRIPTED, {"id": "eve", "provider": "scripted", "modle": "e"}],
         "contestants[4].modle is not a known key; did you mean 'model'?"),
        ([*SCRIPTED, {"id": "eve", "provider": "scripted"}], "contestants[4].model is missing"),
        ([*SCRIPTED, {"id": "eve", "provider": "scriptd", "model": "e"}],
         "contestants[4].provider is 'scriptd'; did you mean 'scripted'?"),
        ([*SCRIPTED, {"id": "eve", "provider": "scripted", "model": "e", "price": {"input": 1, "outptu": 2}}],
         "contestants[4].price.outptu is not a known key; did you mean 'output'?"),
        ([*SCRIPTED, {"id": "eve", "provider": "scripted", "model": "e", "price": {"input": -1, "output": 2}}],
         "contestants[4].price.input: must be greater than or equal to 0 (it is -1)"),
        ([*SCRIPTED, {"id": "a b", "provider": "scripted", "model": "e"}], "contestants[4].id"),
        ([*SCRIPTED, {"id": "eve", "provider": "scripted", "model": "e", "params": {"skil": 1}}],
         "eve: scripted model e: no parameter 'skil'; did you mean 'skill'?"),
        ([*SCRIPTED, {"id": "eve", "provider": "local", "model": "smollm"}], "eve: local model smollm: no such file"),
        ([*SCRIPTED, {"id": "eve", "provider": "recorded", "model": "gone"}],
         "eve: recorded model gone: no transcript"),
        ([*SCRIPTED, {"id": "eve", "provider": "openai", "model": "gpt-5.4"}],
         "eve: no key for openai model gpt-5.4; export OPENAI_API_KEY"),
        ([*SCRIPTED, {"id": "eve", "provider": "openai", "model": "m", "base_url": "http://x/v1",
                      "api_key_env": "MY_API_KEY"}],
         "export MY_API_KEY"),
        ([*SCRIPTED, {"id": "eve", "provider": "scripted", "model": "e", "strategy": "gone.md"}],
         "contestant 'eve': there is no strategy file gone.md"),
        ("all of them", "contestants must be a list, not 'all of them'"),
        (None, "contestants must be a list"),
    ],
    ids=lambda value: value[:50] if isinstance(value, str) else "",
)  # fmt: skip
def test_a_roster_says_which_file_and_key_is_wrong(
    contestants: Any, words: str, complain: Complain, mine: Callable[..., list[str]]
) -> None:
    line = complain(*mine(debaters__mine={"contestants": contestants}))
    assert words in line
    if not words.startswith("eve:") and "export" not in words:
        assert "debaters=mine" in line
        assert str(Path("own") / "debaters" / "mine.yaml") in line


@pytest.mark.parametrize(
    ("holds", "words"),
    [
        ({"judges": [], "seats": 3}, "judges: must have at least 1 item"),
        (panel({**EASTERN, "modle": "x"}), "judges[0].modle is not a known key; did you mean 'model'?"),
        (panel({"id": "x", "kind": "model", "provider": "scripted"}), "judges[0].model is missing"),
        (panel({"id": "x", "kind": "modl"}), "judges[0].kind is 'modl'; did you mean 'model'?"),
        (panel({"id": "x"}), "judges[0].kind is missing; it is one of model, checklist, human"),
        (panel(CHECKLIST, CHECKLIST), "judge 'checklist' occurs twice"),
        (panel(CHECKLIST) | {"seets": 3}, "seets is not a known key; did you mean 'seats'?"),
        (panel({"id": "x", "kind": "model", "provider": "anthropic", "model": "claude"}), "export ANTHROPIC_API_KEY"),
        (panel({**EASTERN, "family": "scripted"}), "nobody may judge ada against ben"),
    ],
    ids=lambda value: value[:50] if isinstance(value, str) else "",
)
def test_a_panel_says_which_file_and_key_is_wrong(
    holds: dict[str, Any], words: str, complain: Complain, mine: Callable[..., list[str]]
) -> None:
    line = complain(*mine(debaters__mine=speakers(), judges__mine=holds))
    assert words in line
    if words.startswith(("judge", "seets")):
        assert "judges=mine" in line
        assert str(Path("own") / "judges" / "mine.yaml") in line


CRITERIA = [
    {"name": "logic", "weight": 0.5, "question": {"en": "Sound?"}},
    {"name": "style", "weight": 0.5, "question": {"en": "Clear?"}},
]


@pytest.mark.parametrize(
    ("criteria", "words"),
    [
        (
            [CRITERIA[0], {**CRITERIA[1], "wieght": 1}],
            "criterion 'style': unknown key 'wieght'; did you mean 'weight'?",
        ),
        ([CRITERIA[0], {**CRITERIA[1], "weight": 0.6}], "the weights sum to 1.1, not to 1"),
        ([CRITERIA[0]] * 2, "criterion 'logic' occurs twice"),
    ],
)
def test_a_rubric_says_which_file_and_key_is_wrong(
    criteria: Any, words: str, complain: Complain, mine: Callable[..., list[str]], tmp_path: Path
) -> None:
    write_configuration(tmp_path / "own", {"judges/rubrics/mine": {"criteria": criteria}})
    line = complain(*mine(debaters__mine=speakers(), judges__mine=panel(CHECKLIST) | {"rubric": "mine"}))
    assert words in line
    assert str(Path("own") / "judges" / "rubrics" / "mine.yaml") in line


STEP = {"id": "one", "side": "pro", "kind": "constructive", "words": 50}


@pytest.mark.parametrize(
    ("holds", "words"),
    [
        ({"name": "mine", "steps": [STEP, {**STEP, "side": "con"}]}, "step 'one' occurs twice"),
        ({"name": "mine", "steps": [STEP, {**STEP, "id": "two"}]}, "con has no speech"),
        ({"name": "mine", "steps": [STEP, {**STEP, "id": "two", "side": "con", "knd": "reply"}]},
         "steps[1].knd is not a known key; did you mean 'kind'?"),
        ({"name": "mine", "steps": [{**STEP, "kind": "constuctive"}]},
         "steps[0].kind is 'constuctive'; did you mean 'constructive'?"),
        ({"steps": "none"}, "format=mine"),
    ],
)  # fmt: skip
def test_a_format_says_which_file_and_key_is_wrong(
    holds: dict[str, Any], words: str, complain: Complain, mine: Callable[..., list[str]]
) -> None:
    line = complain(*mine(format__mine=holds))
    assert words in line
    assert str(Path("own") / "format" / "mine.yaml") in line


HEADED = "# @package _global_\ndefaults:\n  - override /debaters: scripted\n  - override /judges: scripted\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: mine\nbudget: {matchups: 2}\n", "its first line must be: # @package _global_"),
        (HEADED + "budgt: {matchups: 2}\n", "budgt is not a known key; did you mean 'budget'?"),
        (HEADED + "budget: {matchup: 2}\n", "budget.matchup is not a known key; did you mean 'matchups'?"),
        (
            "# @package _global_\ndefaults:\n  - override /debaters: scriptd\n",
            "debaters=scriptd: there is no such file",
        ),
        ("# @package _global_\ndefaults:\n  - override /debatrs: scripted\n", "debatrs"),
        (HEADED + "budget: {matchups: 2\nname: x\n", "mine.yaml"),
        ("- one\n- two\n", "mine.yaml"),
        (HEADED.encode("utf-16").decode("latin-1"), "mine.yaml"),
    ],
    ids=[
        "no header",
        "unknown key",
        "unknown inner key",
        "unknown file",
        "unknown group",
        "broken",
        "a list",
        "binary",
    ],
)
def test_a_tournaments_file_says_what_is_wrong(
    text: str, words: str, complain: Complain, mine: Callable[..., list[str]]
) -> None:
    assert words in complain(*mine(tournaments__mine=text))


@pytest.mark.parametrize(
    ("group", "text"),
    [
        ("debaters", "a: [1, 2\nb: 3\n"),
        ("judges", "a: 1\na: 2\n"),
        ("format", "\ttab: 1\n"),
        ("debaters", "a: ${nothing.here}\n"),
    ],
)
def test_broken_yaml_names_its_file(group: str, text: str, complain: Complain, mine: Callable[..., list[str]]) -> None:
    line = complain(*mine(**{f"{group}__mine": text}))
    assert f"{group}=mine" in line or str(Path("own") / group / "mine.yaml") in line or "nothing.here" in line


def test_money_cannot_be_kept_without_prices(
    complain: Complain, mine: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_API_KEY", "secret")
    paid = {
        "id": "eve",
        "provider": "openai",
        "model": "m",
        "base_url": "http://127.0.0.1:9/v1",
        "api_key_env": "MY_API_KEY",
    }
    line = complain(*mine(debaters__mine={"contestants": [*SCRIPTED, paid]}), "budget.usd=5")
    assert line.startswith("eve: openai model 'm' has no price, so budget.usd cannot be kept; give it price: {input: ")
    assert "secret" not in line


def test_a_pack_without_motions_in_the_language(complain: Complain, tmp_path: Path) -> None:
    pack = tmp_path / "pack.yaml"
    pack.write_text("category: health\nmotions:\n  - {id: one, text: {en: This house would walk more}}\n")
    packs = f"motions.packs=[{pack}]"
    assert "no motion has a text in zh" in complain(*SMOKE, packs, "language=zh", "categories=null")
    assert "category education has no motions in en" in complain(*SMOKE, packs)


def test_a_folder_that_is_in_use_is_left_alone(complain: Complain, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "manifest.json").write_text("{}")
    assert complain(*SMOKE, "run.dir=full") == "run.dir=full: the folder is not empty; choose another"
    assert complain(*SMOKE, "run.dir=file") == "run.dir=file: it is a file, not a folder; choose another"
    assert "a run is there; choose another, or go on with: resume run=run" in complain(*SMOKE, "run.dir=run")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("motion=nonsense-id",), "motion=nonsense-id: no pack has a motion with this id"),
        (("motion=health-sugar-tx",), "did you mean 'health-"),
        (("pro=nobody",), "pro=nobody: the roster has no such contestant; it has ada, ben, cleo, dan"),
        (("con=clea",), "con=clea: the roster has no such contestant; did you mean 'cleo'?"),
        (("pro=ada", "con=ada"), "a match needs two contestants"),
        (("category=helth",), "category is 'helth'; did you mean 'health'?"),
        (("language=fr",), "language is 'fr'; it is one of en, zh"),
        (("budget.matchups=2",), "budget.matchups: there is no such key"),
        (("categories=[health]",), "categories"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_match_says_in_one_line_what_is_wrong(arguments: tuple[str, ...], words: str, complain: Complain) -> None:
    assert words in complain("match", "debaters=scripted", "judges=scripted", *arguments)


@pytest.mark.parametrize("command", ["resume", "verify", "report"])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "run=... must be given; --help shows how"),
        (("run=nowhere",), "run=nowhere: no run is there (manifest.json is missing)"),
        (("run=.",), "run=.: no run is there (manifest.json is missing)"),
        (("run=.", "rnu=2"), "rnu: there is no such key; did you mean 'run'?"),
    ],
)
def test_a_folder_that_is_no_run(command: str, arguments: tuple[str, ...], words: str, complain: Complain) -> None:
    assert complain(command, *arguments) == words


BALLOT = {"matchup": "m1", "leg": "a", "motion": "x", "pro": "ada", "con": "ben", "judge": "j", "preference": 1}
OTHER = {**BALLOT, "leg": "b", "pro": "ben", "con": "ada"}


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([BALLOT, "{nonsense"], "b.jsonl, line 2: is not JSON"),
        ([BALLOT, ""], None),
        ([BALLOT, [1]], "b.jsonl, line 2: is not a JSON object"),
        ([BALLOT, {**OTHER, "leg": "c"}], "b.jsonl, line 2: leg is 'c'"),
        ([{k: v for k, v in BALLOT.items() if k != "judge"}], "b.jsonl, line 1: the key 'judge' is missing"),
        ([{k: v for k, v in BALLOT.items() if k != "preference"}], "line 1: a ballot needs one of preference, margin"),
        ([{**BALLOT, "preference": 3}], "line 1: preference is 3"),
        ([{**BALLOT, "con": "ada"}], "line 1: 'ada' debates against itself"),
        ([BALLOT, BALLOT], "line 2: judge 'j' has already judged leg a of matchup 'm1' on line 1"),
        ([BALLOT, {**OTHER, "pro": "cleo"}], "line 2: matchup 'm1' has other sides"),
        ([BALLOT, {**OTHER, "motion": "y"}], "line 2: matchup 'm1' has another motion"),
        ([""], "b.jsonl: holds no ballots"),
    ],
)
def test_a_file_of_ballots_says_which_line_is_wrong(
    lines: list[Any], words: str | None, complain: Complain, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "b.jsonl"
    file.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    if words is None:
        assert quickly(capsys, "rate", f"ballots={file}", "out=rated").code == 0
        assert (tmp_path / "rated" / "standings.json").is_file()
    else:
        assert words in complain("rate", f"ballots={file}", "out=rated")


def test_rate_needs_a_file_a_place_and_a_rubric(complain: Complain, tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_text(json.dumps(BALLOT) + "\n")
    assert complain("rate", "out=rated") == "ballots=... must be given; --help shows how"
    assert complain("rate", "ballots=b.jsonl") == "out=... must be given; --help shows how"
    assert "gone.jsonl: there is no such file" in complain("rate", "ballots=gone.jsonl", "out=rated")
    assert "cannot be read" in complain("rate", "ballots=.", "out=rated")
    assert complain("rate", "ballots=b.jsonl", "out=b.jsonl").startswith("out=b.jsonl: ")
    assert complain("rate", "ballots=b.jsonl", "out=/proc/x").startswith("out=/proc/x: ")
    assert "did you mean 'standard'?" in complain("rate", "ballots=b.jsonl", "out=rated", "rubric=standart")


def test_a_pack_with_findings(complain: Complain, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    pack = tmp_path / "pack.yaml"
    pack.write_text("category: health\nmotions:\n  - {id: one, text: {en: Should we always walk?}}\n")
    assert "findings, first: one: " in complain("motions", f"packs=[{pack}]")
    pack.write_text("category: helth\nmotions:\n  - {id: one, text: This house would walk}\n")
    assert "did you mean 'health'?" in complain("motions", f"packs=[{pack}]")
    assert "there is no pack 'polytics'" in complain("motions", "packs=[polytics]")
    assert "packs must be a list, not 3" in complain("motions", "packs=3")


def test_models_without_keys(capsys: pytest.CaptureFixture[str]) -> None:
    done = quickly(capsys, "models", "debaters=frontier", "judges=mixed")
    assert done.complaint().startswith("6 of 6 models do not answer, first: gpt: no key for openai model gpt-5.4")
    assert "claude-judge" in done.out


def test_usage_errors_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["tournamnt"], ["tournament", "--nonsense"], ["tournament", "--config-dir"],
                      ["tournament", "-m", "seed=1,2"], ["tournament", "--cfg", "nonsense"]):  # fmt: skip
        done = quickly(capsys, *arguments)
        assert done.code == 2, arguments
        assert done.out == ""
    assert quickly(capsys, "tournamnt").err.startswith(
        "debate: there is no command 'tournamnt'; did you mean 'tournament'?"
    )


def test_a_link_to_a_log_that_belongs_to_another_run(complain: Complain, tmp_path: Path) -> None:
    """The log is there, but holds no event of this run."""
    from debate.commands.runs import create_run
    from tests.tournaments.spec import smoke_spec

    folder, log, _ = create_run(smoke_spec(matchups=1), str(tmp_path / "run"))
    log.close()
    folder.close()
    (tmp_path / "run" / "events.sqlite").unlink()
    other = EventLog(sqlite_url(tmp_path / "run" / "events.sqlite"), "another")
    other.append([Draft("run_started", "", {"manifest": "-"})])
    other.close()
    (tmp_path / "run" / "calls" / "host-0.jsonl").write_text("")
    for file in (tmp_path / "run").glob("events.sqlite-*"):
        file.unlink()
    assert "run=run is damaged: its log has no events" in complain("resume", "run=run")
    shutil.rmtree(tmp_path / "run")
