"""`tournament`: plays a tournament and rates every contestant in every category."""

from __future__ import annotations

from omegaconf import DictConfig

from debate.commands.runs import create_run, play
from debate.commands.spec import Setting, setting, tournament_spec
from debate.judges.panel import recused
from debate.tournaments.estimate import estimate


def job(config: DictConfig) -> int:
    """Plays the tournament that `config` describes."""
    given = setting(config, Setting)
    spec = tournament_spec(given)
    expected = estimate(spec, spec.budget.matchups).words
    notes = [expected, *recused(spec.panel, spec.contestants)]
    return play(*create_run(spec, given.run.dir), notes)
