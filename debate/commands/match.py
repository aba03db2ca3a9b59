"""`match`: one exhibition. Two contestants, one motion, two legs."""

from __future__ import annotations

import random

from omegaconf import DictConfig

from debate.commands.cli import config_folders, plain
from debate.commands.runs import create_run, play
from debate.commands.spec import roster, tournament_spec
from debate.core.contestant import Contestant
from debate.core.errors import UserError, nearest
from debate.core.motion import CATEGORIES, Motion
from debate.core.noun import digest
from debate.judges.panel import recused
from debate.motions.bank import load_packs
from debate.motions.draw import choose
from debate.tournaments.estimate import estimate


def job(config: DictConfig) -> int:
    """Plays the match that `config` describes."""
    data = plain(config)
    motion = _motion(data)
    pair = _pair(roster(config), data["pro"], data["con"])
    data["budget"]["matchups"] = 1
    spec = tournament_spec(config, (motion,), contestants=pair, schedule="once", budget=data["budget"])
    notes = [estimate(spec, 1).words, *recused(spec.panel, spec.contestants)]
    return play(*create_run(spec, data["run"]["dir"]), notes)


def _pair(found: tuple[Contestant, ...], pro: str | None, con: str | None) -> tuple[Contestant, Contestant]:
    by_id = {c.id: c for c in found}
    for key, name in (("pro", pro), ("con", con)):
        if name is not None and name not in by_id:
            mend = nearest(name, by_id) or f"; it has {', '.join(by_id)}"
            raise UserError(f"{key}={name}: the roster has no such contestant{mend}")
    rest = [name for name in by_id if name not in (pro, con)]
    first = pro or (rest.pop(0) if rest else None)
    second = con or (rest.pop(0) if rest else None)
    if first is None or second is None or first == second:
        raise UserError("a match needs two contestants; give pro= and con=, or a roster of two or more")
    return by_id[first], by_id[second]


def _motion(data: dict[str, object]) -> Motion:
    """Returns the motion with the id that was given, one made of the text that was given, or one drawn by the seed."""
    given, category, language = data["motion"], data["category"], str(data["language"])
    if category is not None and category not in CATEGORIES:
        raise UserError(f"category={category}: there is no such category{nearest(str(category), CATEGORIES)}")
    packs = data["motions"]["packs"]  # type: ignore[index]
    bank = {m.id: m for m in load_packs(packs, [folder / "motions" for folder in config_folders()])}
    if given is None:
        among = choose(tuple(bank.values()), [category] if category else None, language)  # type: ignore[arg-type]
        return random.Random(f"{data['seed']}").choice(among)
    text = " ".join(str(given).split())
    if text in bank:
        return bank[text]
    if " " not in text and text.isascii():
        raise UserError(f"motion={text}: no pack has a motion with this id{nearest(text, bank)}")
    return Motion.model_validate(
        {
            "id": f"given-{digest(text)[:8]}",
            "text": {language: text},
            "category": category or "society",
            "source": "given",
        }
    )
