"""`match`: one exhibition. Two contestants, one motion, two legs."""

from __future__ import annotations

import random

from omegaconf import DictConfig

from debate.commands.cli import config_folders
from debate.commands.runs import create_run, play
from debate.commands.spec import Setting, categories, roster, setting, tournament_spec
from debate.core.contestant import Contestant
from debate.core.errors import UserError, nearest
from debate.core.motion import Category, Motion
from debate.core.noun import digest
from debate.judges.panel import recused
from debate.motions.bank import load_packs
from debate.motions.draw import choose
from debate.tournaments.estimate import estimate


class MatchSetting(Setting):
    """The keys of `match`."""

    motion: str | None = None
    category: Category | None = None
    pro: str | None = None
    con: str | None = None


def job(config: DictConfig) -> int:
    """Plays the match that `config` describes."""
    given = setting(config, MatchSetting)
    motion = _motion(given)
    pair = _pair(roster(given.debaters), given.pro, given.con)
    spec = tournament_spec(given, (motion,), contestants=pair, schedule="once", budget={**given.budget, "matchups": 1})
    notes = [estimate(spec, 1).words, *recused(spec.panel, spec.contestants)]
    return play(*create_run(spec, given.run.dir), notes)


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


def _motion(given: MatchSetting) -> Motion:
    """Returns the motion with the id that was given, one made of the text that was given, or one drawn by the seed."""
    bank = {m.id: m for m in load_packs(given.motions.packs, [folder / "motions" for folder in config_folders()])}
    if given.motion is None:
        fields = [given.category] if given.category else categories(given, tuple(bank.values()))
        return random.Random(given.seed).choice(choose(tuple(bank.values()), fields, given.language))
    text = " ".join(given.motion.split())
    if text in bank:
        if given.language not in bank[text].text:
            raise UserError(f"motion={text}: it has no text in {given.language}; it has {', '.join(bank[text].text)}")
        return bank[text]
    if " " not in text and text.isascii():
        raise UserError(f"motion={text}: no pack has a motion with this id{nearest(text, bank)}")
    return Motion.model_validate(
        {
            "id": f"given-{digest(text)[:8]}",
            "text": {given.language: text},
            "category": given.category or "society",
            "source": "given",
        }
    )
