"""Loads rubrics: YAML files of criteria, the packaged ones and the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from debate import content
from debate.core.errors import UserError, nearest
from debate.core.panel import Criterion, Rubric

#: The packaged folder of rubrics, which is looked through after the user's.
HOME = content.ROOT / "judges" / "rubrics"


def load_rubric(name: str, folders: Sequence[Path] = ()) -> Rubric:
    """Returns the rubric `name`: the file NAME.yaml of the first of `folders` that has it, else the packaged one.

    The file may leave out `name`, which is then the file's.

    Raises:
        UserError: no folder has it, the file is not YAML, or it is not a rubric.
    """
    places = [*folders, HOME]
    for folder in places:
        path = folder / f"{name}.yaml"
        if path.is_file():
            return _read(path)
    known = sorted({path.stem for folder in places if folder.is_dir() for path in folder.glob("*.yaml")})
    mend = nearest(name, known) or f"; known are {', '.join(known)}"
    raise UserError(f"rubric: there is no rubric {name!r}{mend}")


def _read(path: Path) -> Rubric:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise UserError(f"{where}: not YAML: {getattr(error, 'problem', None) or 'it cannot be read'}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as UTF-8 text: {error}") from None
    if not isinstance(data, dict):
        raise UserError(f"{path}: a rubric needs the key 'criteria'")
    try:
        return Rubric.model_validate({"name": path.stem, **data})
    except ValidationError as error:
        raise UserError(f"{path}: {_first(error, data)}") from None


def _first(error: ValidationError, data: dict[str, Any]) -> str:
    """Returns one fault in words, with the criterion by name and the nearest right key for an unknown one."""
    fault = min(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
    place = [str(part) for part in fault["loc"]]
    owner: type[Rubric] | type[Criterion] = Rubric
    if place[:1] == ["criteria"] and len(place) > 1:
        owner = Criterion
        criterion = data["criteria"][int(place[1])]
        label = criterion.get("name") if isinstance(criterion, dict) else None
        place = [f"criterion {label!r}" if label else f"criterion number {int(place[1]) + 1}", *place[2:]]
    if fault["type"] == "extra_forbidden":
        return f"{': '.join(place[:-1]) or 'rubric'}: unknown key {place[-1]!r}{nearest(place[-1], owner.model_fields)}"
    words = fault["msg"].removeprefix("Value error, ")
    mend = "; change the weights so that they sum to 1" if words.startswith("the weights sum") else ""
    return f"{': '.join(place)}: {words}{mend}" if place else f"{words}{mend}"
