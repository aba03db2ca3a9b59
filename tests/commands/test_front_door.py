"""Help, the shown configuration, and that the commands work wherever they are called and however they are installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from debate import content
from debate.__main__ import COMMANDS
from tests.end_to_end.playing import SCRIPTED, debate, environment, quickly, write_configuration

SAID = {"matchup": "m1", "motion": "x", "category": "health", "judge": "j"}
BALLOTS = [
    {**SAID, "leg": "a", "pro": "ada", "con": "ben", "preference": 2},
    {**SAID, "leg": "b", "pro": "ben", "con": "ada", "preference": -1},
]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["debate"])


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_shows_its_configuration(
    command: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for flag in ("--help", "-h"):
        told = quickly(capsys, command, flag)
        assert (told.code, told.err) == (0, "")
        assert told.out.startswith(f"debate {command}: ")
        assert f"python -m debate {command}" in told.out
    shown = quickly(capsys, command, "--cfg", "job")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.strip()
    assert list(tmp_path.iterdir()) == []


def test_the_front_page_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    told = quickly(capsys, "--help")
    assert told.code == 0
    assert all(f"  {name} " in told.out for name in COMMANDS)
    assert quickly(capsys, "--version").out.startswith("debate ")


def test_the_shown_configuration_has_the_overrides(capsys: pytest.CaptureFixture[str]) -> None:
    shown = quickly(capsys, "tournament", "tournaments=smoke", "seed=7", "--cfg", "job").out
    assert "seed: 7" in shown
    assert "name: smoke" in shown
    assert "scripted-east" in shown


@pytest.mark.parametrize("order", [("first",), ("last",), ("middle",)])
def test_options_may_stand_anywhere(order: tuple[str], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = write_configuration(tmp_path / "own folder's", {"debaters/mine": {"contestants": SCRIPTED}})
    words = ["debaters=mine", "seed=3"]
    option = ["--config-dir", str(folder), "--cfg", "job"]
    place = {"first": 0, "middle": 1, "last": 2}[order[0]]
    shown = quickly(capsys, "tournament", *words[:place], *option, *words[place:])
    assert shown.code == 0, shown.err
    assert "id: cleo" in shown.out
    assert "seed: 3" in shown.out


@pytest.mark.parametrize(
    "text",
    [
        "本院将在小学取消家庭作业。",
        'This house, as a parent\'s friend (or foe): would "ban" 3% of zoos?',
        "a back\\slash, 'quotes\\' and one at the end\\",
        "12",
    ],
)
def test_a_text_needs_no_quotes_of_hydras(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = quickly(capsys, "match", f"motion={text}", f"run.dir=/tmp/{text}", "--cfg", "job")
    assert (shown.code, shown.err) == (0, "")
    held = yaml.safe_load(shown.out)
    assert str(held["motion"]) == text
    assert held["run"]["dir"] == f"/tmp/{text}"
    quoted = quickly(capsys, "match", "motion='This house, too'", "--cfg", "job")
    assert yaml.safe_load(quoted.out)["motion"] == "This house, too"


def test_motions_counts_the_packs(capsys: pytest.CaptureFixture[str]) -> None:
    done = quickly(capsys, "motions")
    assert (done.code, done.err) == (0, "")
    assert "0 findings" in done.out
    assert all(category in done.out for category in ("politics", "ai_digital", "philosophy"))


def test_rate_tells_who_is_ahead(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(ballot) + "\n" for ballot in BALLOTS))
    done = quickly(capsys, "rate", "ballots=b.jsonl", "out=deep/rated")
    assert (done.code, done.err) == (0, "")
    assert "ada" in done.out
    standings = json.loads((tmp_path / "deep" / "rated" / "standings.json").read_text())
    assert [row["contestant"] for row in standings["overall"]] == ["ada", "ben"]
    assert list(standings["categories"]) == ["health"]
    assert set(standings) == {"overall", "categories", "effects"}


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    shown = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m debate tournament --cfg job | head -n 1; exit ${{PIPESTATUS[0]}}"],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "Traceback" not in shown.stderr
    assert shown.returncode in (0, 141)


def test_a_key_is_not_written_anywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = debate("tournament", "debaters=frontier", "--cfg", "job", cwd=tmp_path, OPENAI_API_KEY="sk-very-secret")
    assert shown.code == 0
    assert "sk-very-secret" not in shown.out + shown.err


@pytest.mark.slow
def test_the_built_wheel_finds_its_folders(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=content.ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    target = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(target)
    for folder in ("conf", "motions", "judges", "tournaments"):
        here = {
            path.relative_to(content.ROOT / folder) for path in (content.ROOT / folder).rglob("*") if path.is_file()
        }
        there = target / "debate" / "_content" / folder
        assert here == {path.relative_to(there) for path in there.rglob("*") if path.is_file()}
    away = tmp_path / "away"
    away.mkdir()
    # -P: the folder that a command is called from is not where its modules come from.
    env = environment(PYTHONPATH=str(target))
    code = "import debate, sys; from debate.__main__ import main; print(debate.__file__); sys.exit(main())"
    for arguments, words in (
        (["motions"], "0 findings"),
        (["tournament", "tournaments=smoke", "--cfg", "job"], "scripted-east"),
        (["match", "debaters=scripted", "judges=scripted", "format=lincoln_douglas", "--cfg", "job"], "2AR"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=away,
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(str(target) + os.sep)
        assert words in done.stdout
    refused = subprocess.run(
        [sys.executable, "-c", code, "tournament", "tournaments=smoke", "judges.rubric=standart"],
        cwd=away, env=env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "did you mean 'standard'?" in refused.stderr
    assert list(away.iterdir()) == []
