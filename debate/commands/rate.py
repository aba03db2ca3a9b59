"""`rate`: rates contestants from ballots, wherever they come from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from rich.console import Console

from debate.commands.cli import config_folders, plain
from debate.core.ballot import Ballot
from debate.core.errors import UserError
from debate.judges.rubric import load_rubric
from debate.live.ending import print_standings
from debate.ratings.ballots import read_ballots
from debate.store.run import write_atomically
from debate.tournaments.tally import tally


def job(config: DictConfig) -> int:
    """Reads the ballots, writes out/standings.json and prints the standings.

    With `holdout`, a file of other ballots: predicts each from the first file alone by the batch model, without a look
    at what it says, and writes to out/predictions.jsonl a line for each of them, in their order: `{"p_pro", "p_draw",
    "p_con"}`, which sum to 1. Then it looks, and writes to out/holdout.json how well they were met: the fields of
    `debate.ratings.holdout.Score`, and `known`, how many of the ballots are of a matchup that the first file has too
    and so are not held out.
    """
    data = plain(config)
    rubric = load_rubric(str(data["rubric"]), [folder / "judges" / "rubrics" for folder in config_folders()])
    ballots = read_ballots(Path(str(data["ballots"])))
    held = None if data["holdout"] is None else read_ballots(Path(str(data["holdout"])))
    standings = tally(ballots, rubric.weights)
    out = Path(str(data["out"]))
    texts = {"standings.json": _json(standings.model_dump(mode="json"))}
    said = ""
    if held is not None:
        predicted, found = _predict(ballots, held)
        texts["predictions.jsonl"] = "".join(json.dumps(line, allow_nan=False) + "\n" for line in predicted)
        texts["holdout.json"] = _json(found)
        said = _say(found)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            write_atomically(out / name, text)
    except OSError as error:
        raise UserError(f"out={out}: {error.strerror or error}") from error
    print_standings(Console(highlight=False), standings)
    if said:
        print(said)
    for name in texts:
        print(out / name)
    return 0


def _predict(ballots: Sequence[Ballot], held: Sequence[Ballot]) -> tuple[list[dict[str, float]], dict[str, Any]]:
    """Returns the lines of predictions.jsonl and what holdout.json holds."""
    # scipy is slow to import, and only this needs it.
    from debate.ratings.batch import fit
    from debate.ratings.holdout import score

    predictions = fit(ballots).predict(held)
    found = score(held, predictions)._asdict()
    found["calibration"] = [part._asdict() for part in found["calibration"]]
    matchups = {ballot.matchup for ballot in ballots}
    found["known"] = sum(ballot.matchup in matchups for ballot in held)
    return [prediction._asdict() for prediction in predictions], found


def _say(found: dict[str, Any]) -> str:
    """Returns the holdout's score in a line."""
    said = f"Holdout: {found['ballots']} ballots, log loss {found['log_loss']:.3f}"
    if found["decided"]:
        said += (
            f"; of {found['decided']} that are no draws: log loss {found['log_loss_decided']:.3f}, "
            f"accuracy {found['accuracy']:.1%}, calibration error {found['calibration_error']:.3f}"
        )
    if found["known"]:
        said += f"; {found['known']} are of matchups that were rated too, so they are not held out"
    return said


def _json(data: Any) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
