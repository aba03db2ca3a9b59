"""`report`: writes a run's files and its page anew from its log."""

from __future__ import annotations

from omegaconf import DictConfig

from debate.commands.cli import plain
from debate.commands.runs import open_run
from debate.reports.files import Files, standings_of
from debate.reports.page import write_report


def job(config: DictConfig) -> int:
    """Writes the files and prints where the page lies."""
    folder, log, state = open_run(str(plain(config)["run"]), write=False)
    log.close()
    standings = standings_of(state)
    Files(folder.path, state).write_all(standings)
    print(write_report(folder.path, state, standings))
    return 0
