"""From a composed configuration to a checked TournamentSpec. What is wrong is said before anything starts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from omegaconf import DictConfig
from pydantic import ConfigDict, Field, ValidationError, field_validator

from debate.commands.cli import checked, chosen, config_folders, explain, plain
from debate.core.contestant import Contestant, Model
from debate.core.errors import UserError
from debate.core.format import Format
from debate.core.motion import CATEGORIES, Category, Motion
from debate.core.noun import Language, Noun
from debate.core.panel import ModelJudge, Panel
from debate.core.spec import TournamentSpec
from debate.judges.panel import check_panel
from debate.judges.rubric import load_rubric
from debate.models.host import missing_key
from debate.motions.bank import load_packs
from debate.motions.draw import choose

Part = dict[str, Any]


class Packs(Noun):
    """What `motions` holds: names of packs, or paths."""

    packs: tuple[str, ...] = Field(min_length=1)


class RunPlace(Noun):
    """What `run` holds: the run's folder, or None for a new one below runs/."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    dir: str | None = None


class Setting(Noun):
    """The keys of a composed configuration. What the groups hold is checked where it is used."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    name: str
    seed: int = Field(ge=0, lt=2**32)
    language: Language
    categories: tuple[Category, ...] | None = Field(default=None, min_length=1)
    motions: Packs
    schedule: str = "matching"
    budget: Part
    stop: Part = {}
    run: RunPlace
    debaters: Part
    judges: Part
    format: Part
    cluster: Part
    store: Part

    @field_validator("name")
    @classmethod
    def _names_a_folder(cls, name: str) -> str:
        if not name.strip() or any(c in "/\\" or ord(c) < 32 for c in name):
            raise ValueError("it becomes part of the folder's name, so it cannot be empty or contain / or \\")
        return name


class Roster(Noun):
    """What a file of `debaters/` holds."""

    contestants: tuple[Contestant, ...]


def roster(data: Any) -> tuple[Contestant, ...]:
    """Returns the contestants in the `data` of `debaters=`, with strategies that are files read in.

    Raises:
        UserError: the roster is not one; the line names its file and key.
    """
    where, file = chosen("debaters")
    found = checked(Roster, data, _place(where, file)).contestants
    return tuple(c.model_copy(update={"strategy": _strategy(c, where, file)}) for c in found)


def panel(data: Any) -> Panel:
    """Returns the panel in the `data` of `judges=`.

    Raises:
        UserError: it is not one; the line names its file and key.
    """
    return checked(Panel, data, _place(*chosen("judges")))


Kind = TypeVar("Kind", bound=Setting)


def setting(config: DictConfig, kind: type[Kind]) -> Kind:
    """Returns the composed configuration, with its own keys checked.

    Raises:
        UserError: a key is not known, or holds what it cannot hold.
    """
    data = plain(config)
    where, file = chosen("tournaments")
    if "tournaments" in data:  # a group's file lands under the name of its group, unless it says otherwise
        raise UserError(f"{_place(where, file)}: its first line must be: # @package _global_")
    unknown = any(key not in kind.model_fields for key in data)
    return checked(kind, data, _place(where, file) if unknown else "the configuration")


def tournament_spec(given: Setting, motions: tuple[Motion, ...] | None = None, **fixed: Any) -> TournamentSpec:
    """Returns the tournament that `given` describes; `fixed` replaces what the configuration says.

    Raises:
        UserError: something is wrong with a roster, panel, format, motion pack, budget or key.
    """
    contestants, judges = fixed.pop("contestants", None) or roster(given.debaters), panel(given.judges)
    if len(contestants) < 2:
        raise UserError(f"{_place(*chosen('debaters'))}: contestants: a tournament needs two or more")
    form = checked(Format, given.format, _place(*chosen("format")))
    rubric = load_rubric(judges.rubric, [folder / "judges" / "rubrics" for folder in config_folders()])
    if motions is None:
        bank = load_packs(given.motions.packs, [folder / "motions" for folder in config_folders()])
        motions = choose(bank, categories(given, bank), given.language)
    found = {
        "name": given.name,
        "seed": given.seed,
        "language": given.language,
        "schedule": given.schedule,
        "budget": given.budget,
        "stop": given.stop,
        "cluster": given.cluster,
        "store": given.store,
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
    check_models(contestants, judges)
    return spec


def categories(given: Setting, bank: Sequence[Motion]) -> tuple[str, ...]:
    """Returns the categories that were asked for, else all of which `bank` has a motion in the language.

    Raises:
        UserError: there is none.
    """
    if given.categories is not None:
        return given.categories
    found = {motion.category for motion in bank if given.language in motion.text}
    if not found:
        packs = ", ".join(given.motions.packs)
        raise UserError(f"motions.packs=[{packs}]: no motion has a text in {given.language}; choose another pack")
    return tuple(category for category in CATEGORIES if category in found)


def check_models(contestants: Sequence[Contestant], judges: Panel) -> None:
    """Raises UserError for the first model that lacks its key, file or parameters, as far as this machine can tell."""
    models: list[tuple[str, Model]] = [(c.id, c) for c in contestants]
    models += [(judge.id, judge) for judge in judges.judges if isinstance(judge, ModelJudge)]
    for name, model in models:
        if words := missing_key(name, model):
            raise UserError(words)
        try:
            match model.provider:
                case "local":
                    from debate.models.weights import model_file

                    model_file(model.model)
                case "recorded":
                    from debate.models.recorded import RecordedProvider

                    RecordedProvider(model)
                case "scripted":
                    from debate.models.scripted import ScriptedProvider

                    ScriptedProvider(model)
        except UserError as error:
            raise UserError(f"{name}: {error}") from error


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
