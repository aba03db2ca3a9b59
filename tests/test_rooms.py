"""The plan of the house: which room may import which, and what the front door must not pull in."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import debate

PACKAGE = Path(debate.__file__).parent

#: From the ground up. A room imports itself and rooms of lower floors.
FLOORS = (
    ("core", "content"),
    ("store", "motions", "models"),
    ("rounds", "judges", "ratings"),
    ("tournaments",),
    ("live", "reports"),
    ("commands",),
    ("__main__",),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}

FILES = sorted(PACKAGE.rglob("*.py"))


def imported(file: Path) -> Iterator[tuple[int, str]]:
    """Yields line and room of each import of our own in a file, wherever it stands."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: relative import"
            module = node.module or ""
            names = [f"debate.{alias.name}" for alias in node.names] if module == "debate" else [module]
        for name in names:
            parts = name.split(".")
            if parts[0] == "debate" and len(parts) > 1 and not parts[1].startswith("__version__"):
                yield node.lineno, parts[1]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_room_imports_only_lower_floors(file: Path) -> None:
    room = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if room == "__init__":
        assert not list(imported(file))
        return
    assert room in FLOOR, f"{room} has no floor yet: add it to the plan"
    wrong = [
        f"{file}:{line} imports {other}"
        for line, other in imported(file)
        if other != room and FLOOR[other] >= FLOOR[room]
    ]
    assert wrong == []


def test_the_files_found_are_the_whole_house() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert rooms == {room for room in FLOOR if room not in ("content", "__main__")}
    assert len(FILES) > 60


#: What takes long to import, or is needed by some runs only.
HEAVY = ("ray", "hydra", "omegaconf", "openai", "anthropic", "aiohttp", "scipy", "numpy", "networkx", "trueskill",
         "sqlalchemy", "xllamacpp", "rich", "jinja2", "pydantic", "yaml", "asyncio")  # fmt: skip


def modules_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.splitlines()}


def test_the_front_door_imports_nothing_heavy() -> None:
    found = modules_after("from debate.__main__ import main\nmain(['--help'])\nmain(['nonsense'])")
    assert found & set(HEAVY) == set()


def test_help_of_a_command_imports_nothing_that_only_a_run_needs() -> None:
    found = modules_after("from debate.__main__ import main\nmain(['tournament', '--help'])")
    assert found & {"ray", "openai", "anthropic", "aiohttp", "scipy", "numpy", "networkx", "trueskill", "sqlalchemy",
                    "xllamacpp", "rich", "jinja2"} == set()  # fmt: skip


def test_commands_start_without_what_plays_debates() -> None:
    names = ("verify", "rate", "motions", "report", "resume", "tournament", "match", "models")
    found = modules_after("\n".join(f"import debate.commands.{name}" for name in names))
    assert found & {"ray", "openai", "anthropic", "aiohttp", "xllamacpp"} == set()
