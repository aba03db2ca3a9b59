"""The recorded speaker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from debate.core.errors import UserError
from debate.models.protocol import ProviderError, Stage
from debate.models.recorded import RecordedProvider
from tests.models.asking import SCHEMA, model, request


def speech(step: str, side: str, text: str, status: str = "spoken") -> dict[str, Any]:
    return {
        "step": step, "side": side, "speaker": 1, "kind": "constructive", "text": text, "words": 2, "status": status,
        "at": "2026-01-01T00:00:00Z",
    }  # fmt: skip


def store(folder: Path, matchup: str, text: str) -> Path:
    file = folder / f"{matchup}-a.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        json.dumps(
            {
                "matchup": matchup,
                "leg": "a",
                "motion": {"id": "cars", "text": "Ban cars", "category": "environment"},
                "format": "duel",
                "language": "en",
                "sides": {"pro": "x", "con": "y"},
                "speeches": [speech("pro_1", "pro", text), speech("con_1", "con", "", "refused")],
            }
        )
    )
    return file


PRO = Stage(motion="cars", side="pro", step="pro_1")


def speaker(path: Path) -> RecordedProvider:
    return RecordedProvider(model("recorded", model=str(path)))


@pytest.mark.parametrize("folder", ["run/transcripts", "transcripts", "files"])
async def test_a_file_a_folder_and_a_run(tmp_path: Path, folder: str) -> None:
    file = store(tmp_path / folder, "m0001", "Cars kill.")
    store(tmp_path / folder, "m0002", "Cars stink.")
    pieces: list[str] = []
    for path in (file, file.parent, tmp_path / Path(folder).parts[0]):
        assert (await speaker(path).ask(request(stage=PRO), pieces.append)).text == "Cars kill."
    assert pieces == ["Cars kill."] * 3
    # The leg that is spoken again is preferred to the first that has the step.
    assert (await speaker(file.parent).ask(request(stage=PRO, key="m0002/a/pro_1/0"))).text == "Cars stink."
    assert (await speaker(file.parent).ask(request(stage=PRO, key="m0009/b/pro_1/0"))).text == "Cars kill."


async def test_what_was_refused_is_refused(tmp_path: Path) -> None:
    store(tmp_path, "m0001", "Cars kill.")
    reply = await speaker(tmp_path).ask(request(stage=Stage(motion="cars", side="con", step="con_1")))
    assert reply.status == "refused" and reply.faults


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"stage": Stage(motion="cars", side="pro", step="pro_9")}, "nothing said by pro in step 'pro_9'"),
        ({"stage": PRO, "schema": SCHEMA}, "choose another judge"),
        ({"stage": PRO, "digits": True}, "choose another judge"),
    ],
)
async def test_what_it_cannot_say_is_fatal(tmp_path: Path, given: dict[str, Any], line: str) -> None:
    store(tmp_path, "m0001", "Cars kill.")
    with pytest.raises(ProviderError, match=line) as caught:
        await speaker(tmp_path).ask(request(**given))
    assert caught.value.kind == "fatal"


def test_bad_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no transcript there"):
        speaker(tmp_path)
    (tmp_path / "x.json").write_text('{"matchup": 3}')
    with pytest.raises(UserError, match=r"x\.json: not a transcript"):
        speaker(tmp_path)
