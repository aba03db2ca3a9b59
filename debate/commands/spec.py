"""From a composed configuration to a checked TournamentSpec. What is wrong is said before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from pydantic import ValidationError

from debate.commands.cli import checked, chosen, config_folders, explain, plain
from debate.core.contestant import Contestant, Model
from debate.core.errors import UserError
from debate.core.format import Format
from debate.core.motion import Motion
from debate.core.noun import Noun
from debate.core.panel import ModelJudge, Panel
from debate.core.spec import TournamentSpec
from debate.judges.panel import check_panel
from debate.judges.rubric import load_rubric
from debate.models.host import missing_key
from debate.motions.bank import load_packs
from debate.motions.draw import choose


class Roster(Noun):
    """What a file of `debaters/` holds."""

    contestants: tuple[Contestant, ...]


def roster(config: DictConfig) -> tuple[Contestant, ...]:
    """Returns the contestants of `debaters=`, with strategies that are files read in.

    Raises:
        UserError: the roster is not one; the line names its file and key.
    """
    where, file = chosen("debaters")
    found = checked(Roster, plain(config, "debaters"), _place(where, file)).contestants
    return tuple(c.model_copy(update={"strategy": _strategy(c, where, file)}) for c in found)


def panel(config: DictConfig) -> Panel:
    """Returns the panel of `judges=`.

    Raises:
        UserError: it is not one; the line names its file and key.
    """
    return checked(Panel, plain(config, "judges"), _place(*chosen("judges")))


def tournament_spec(config: DictConfig, motions: tuple[Motion, ...] | None = None, **fixed: Any) -> TournamentSpec:
    """Returns the tournament that `config` describes; `fixed` replaces what the configuration says.

    Raises:
        UserError: something is wrong with a roster, panel, format, motion pack, budget or key.
    """
    data = plain(config)
    contestants, judges = fixed.pop("contestants", None) or roster(config), panel(config)
    if len(contestants) < 2:
        raise UserError(f"{_place(*chosen('debaters'))}: contestants: a tournament needs two or more")
    form = checked(Format, data["format"], _place(*chosen("format")))
    rubric = load_rubric(judges.rubric, [folder / "judges" / "rubrics" for folder in config_folders()])
    language = data["language"]
    if motions is None:
        folders = [folder / "motions" for folder in config_folders()]
        motions = choose(load_packs(data["motions"]["packs"], folders), data["categories"], language)
    found = {
        "name": data["name"],
        "seed": data["seed"],
        "language": language,
        "schedule": data.get("schedule", "matching"),
        "budget": data["budget"],
        "stop": data.get("stop", {}),
        "cluster": data["cluster"],
        "store": data["store"],
        "contestants": contestants,
        "panel": judges,
        "rubric": rubric,
        "format": form,
        "motions": motions,
        "categories": tuple(dict.fromkeys(motion.category for motion in motions)),
    } | fixed
    try:
        spec = TournamentSpec.model_validate(found)
    except ValidationError as error:
        place = {"contestants": "debaters", "cluster": "cluster", "store": "store"}
        group = place.get(str(error.errors()[0]["loc"][:1] and error.errors()[0]["loc"][0]))
        if "contestant" in error.errors()[0]["msg"]:
            group = "debaters"
        where = _place(*chosen(group)) if group else "the configuration"
        raise UserError(explain(error, TournamentSpec, where)) from error
    check_panel(judges, contestants)
    check_keys(contestants, judges)
    return spec


def check_keys(contestants: tuple[Contestant, ...], judges: Panel) -> None:
    """Raises UserError for the first model whose key is not in the environment."""
    models: list[tuple[str, Model]] = [(c.id, c) for c in contestants]
    models += [(judge.id, judge) for judge in judges.judges if isinstance(judge, ModelJudge)]
    for name, model in models:
        if words := missing_key(name, model):
            raise UserError(words)


def _place(where: str, file: Path | None) -> str:
    return f"{where} ({file})" if file else where


def _strategy(contestant: Contestant, where: str, file: Path | None) -> str | None:
    text = contestant.strategy
    if text is None or "\n" in text or not text.endswith((".txt", ".md")):
        return text
    tried = [*([file.parent / text] if file else []), Path(text)]
    for path in tried:
        if path.is_file():
            return path.read_text("utf-8").strip()
    raise UserError(f"{_place(where, file)}: contestant {contestant.id!r}: there is no strategy file {text}")
