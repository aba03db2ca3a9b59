"""`rate`: rates contestants from ballots, wherever they come from."""

from __future__ import annotations

import json
from pathlib import Path

from omegaconf import DictConfig

from debate.commands.cli import config_folders, open_console, plain
from debate.core.errors import UserError
from debate.judges.rubric import load_rubric
from debate.live.ending import print_standings
from debate.ratings.ballots import read_ballots
from debate.store.run import write_atomically
from debate.tournaments.tally import tally


def job(config: DictConfig) -> int:
    """Reads the ballots, writes out/standings.json and prints the standings."""
    data = plain(config)
    rubric = load_rubric(str(data["rubric"]), [folder / "judges" / "rubrics" for folder in config_folders()])
    standings = tally(read_ballots(Path(str(data["ballots"]))), rubric.weights)
    out = Path(str(data["out"]))
    try:
        out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(standings.model_dump(mode="json"), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        write_atomically(out / "standings.json", text)
    except OSError as error:
        raise UserError(f"out={out}: {error.strerror or error}") from error
    print_standings(open_console(), standings)
    print(out / "standings.json")
    return 0
