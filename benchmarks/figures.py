"""Figures against limits, and the table of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rich.console import Console
from rich.table import Table


class Figure(NamedTuple):
    """One thing measured, and the most that it may be. `unit` is `x` for a ratio of two figures of one run."""

    name: str
    value: float
    limit: float
    unit: str

    @property
    def reached(self) -> bool:
        """Whether the limit holds."""
        return self.value <= self.limit


def print_figures(figures: Iterable[Figure]) -> bool:
    """Prints figures against limits and returns whether all limits hold."""
    found = list(figures)
    rows = [
        (figure.name, f"{figure.value:.2f} {figure.unit}", f"{figure.limit:.2f}", "pass" if figure.reached else "FAIL")
        for figure in found
    ]
    print_table(("figure", "measured", "at most", ""), rows)
    return all(figure.reached for figure in found)


def print_table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Prints a table; the first column is of words, the others of numbers."""
    table = Table(box=None, pad_edge=False)
    for number, name in enumerate(head):
        table.add_column(name, justify="right" if number else "left")
    for row in rows:
        table.add_row(*row)
    console = Console(width=120)
    console.print(table, highlight=False)
    console.print()
