"""`motions`: counts the motions of packs and checks each."""

from __future__ import annotations

from collections import Counter

from omegaconf import DictConfig

from debate.commands.cli import checked, config_folders, open_console, plain
from debate.commands.spec import Packs
from debate.core.errors import UserError
from debate.core.motion import CATEGORIES
from debate.motions.bank import load_packs
from debate.motions.lint import lint


def job(config: DictConfig) -> int:
    """Prints a table of motions by category, then what the checks found.

    Raises:
        UserError: a pack is none, or the checks found something.
    """
    from rich.table import Table

    motions = load_packs(
        checked(Packs, plain(config), "the configuration").packs, [folder / "motions" for folder in config_folders()]
    )
    types = sorted({motion.type for motion in motions})
    table = Table("category", "motions", "en", "zh", "info", *types)
    for category in (*CATEGORIES, None):
        among = [m for m in motions if category in (None, m.category)]
        by_type = Counter(m.type for m in among)
        languages = Counter(language for m in among for language in m.text)
        counts = [len(among), languages["en"], languages["zh"], sum(m.info is not None for m in among)]
        table.add_row(category or "all", *map(str, counts), *(str(by_type[t]) for t in types))
    console = open_console()
    console.print(table)
    findings = lint(motions)
    for finding in findings:
        console.print(f"{finding.motion}: {finding.rule}: {finding.words}", markup=False)
    console.print(f"{len(motions)} motions, {len(findings)} findings")
    if findings:
        raise UserError(f"{len(findings)} findings, first: {findings[0].motion}: {findings[0].words}")
    return 0
