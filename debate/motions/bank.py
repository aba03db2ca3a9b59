"""Loads motion packs: YAML files of motions, the packaged ones and the user's own."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from debate import content
from debate.core.errors import UserError, nearest
from debate.core.motion import CATEGORIES, Motion

#: The name of the pack that is the whole packaged folder.
STANDARD = "standard"

_DEFAULTS = ("category", "licence", "source", "released")
_SUFFIXES = (".yaml", ".yml")
_FAST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_packs(packs: Sequence[str], folders: Sequence[Path]) -> tuple[Motion, ...]:
    """Returns the motions of all `packs`, in the order of the packs and of their files.

    A pack is a path to a YAML file or to a folder of them, or the name of one that lies in `folders` or in the packaged
    folder (`politics` is `politics.yaml` there); `standard` is the whole packaged folder. A file that several packs
    name is read once.

    Raises:
        UserError: a pack is not found, a file cannot be read, a motion is not one, or an id occurs twice.
    """
    home = content.ROOT / "motions"
    try:
        files = dict.fromkeys(file for pack in packs for file in _files(pack, [*folders, home]))
    except OSError as error:
        raise UserError(f"motions: {error.filename} cannot be read ({error.strerror})") from error
    origin: dict[str, Path] = {}
    motions = []
    for file in files:
        for motion in _read(file):
            if motion.id in origin:
                where = f"also in {origin[motion.id]}" if origin[motion.id] != file else "twice in this file"
                raise UserError(f"{file}: motion {motion.id!r} is {where}; give one of them another id")
            origin[motion.id] = file
            motions.append(motion)
    return tuple(motions)


def _files(pack: str, folders: Sequence[Path]) -> list[Path]:
    """Returns the files of a pack, resolved, so that a file has one name however it was asked for."""
    if pack == STANDARD:
        return _inside(folders[-1])
    named = [folder / f"{pack}{suffix}" for folder in folders for suffix in ("", *_SUFFIXES)]
    given = Path(pack).expanduser() if pack.startswith("~/") else Path(pack)
    for path in (given, *named) if given.suffix else (*named, given):
        if pack and path.is_dir():
            return _inside(path)
        if path.is_file():
            return [path.resolve()]
    known = {STANDARD} | {file.stem for folder in folders if folder.is_dir() for file in _yaml_files(folder)}
    mend = nearest(pack, sorted(known)) or f"; give a path to a YAML file, or one of {', '.join(sorted(known))}"
    raise UserError(f"motions: there is no pack {pack!r}{mend}")


def _yaml_files(folder: Path) -> list[Path]:
    return sorted(path.resolve() for path in folder.iterdir() if path.suffix in _SUFFIXES and path.is_file())


def _inside(folder: Path) -> list[Path]:
    files = _yaml_files(folder) if folder.is_dir() else []
    if not files:
        raise UserError(f"motions: the folder {folder} holds no YAML file; put a pack such as politics.yaml into it")
    return files


class _Loader(_FAST):  # type: ignore[misc]
    """YAML in which a key occurs once and plain words stay words: `no` is a text and 12 an id, only null is special."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":null", ":merge"))]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} occurs twice; keep one of them", key.start_mark
                )
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else None)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


def _read(file: Path) -> Iterator[Motion]:
    try:
        data = yaml.load(file.read_text(encoding="utf-8-sig"), _Loader)
    except OSError as error:
        raise UserError(f"{file}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{file}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except yaml.YAMLError as error:
        raise UserError(f"{file}{_fault(error)}") from error
    defaults: dict[str, Any] = {}
    if isinstance(data, dict):
        _known_keys(f"{file}:", data, (*_DEFAULTS, "motions"))
        defaults = {key: data[key] for key in _DEFAULTS if data.get(key) is not None}
        data = data.get("motions")
    if not isinstance(data, list) or not data:
        raise UserError(f"{file}: holds no motions; write a list of them under the key 'motions'")
    for number, item in enumerate(data, 1):
        yield _motion(file, number, item, defaults)


def _fault(error: yaml.YAMLError) -> str:
    """Returns the line, where the parser knows it, and what it stumbled over."""
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f", line {mark.line + 1}: {what}" if mark else f": {what}"


def _motion(file: Path, number: int, item: Any, defaults: Mapping[str, Any]) -> Motion:
    if not isinstance(item, dict):
        raise UserError(f"{file}: motion {number} is not a mapping; write at least its id and text")
    place = f"{file}: motion {item['id']!r}" if item.get("id") else f"{file}: motion {number}"
    _known_keys(f"{place}:", item, tuple(Motion.model_fields))
    own = {key: value for key, value in item.items() if value is not None}
    for key, tidy in (("text", " ".join), ("info", "\n".join)):
        if key in own:
            texts = {"en": own[key]} if isinstance(own[key], str) else own[key]
            own[key] = _tidied(place, key, texts, tidy)
    try:
        return Motion.model_validate({**defaults, **own})
    except ValidationError as error:
        fault = error.errors()[0]
        inherited = fault["loc"][0] in defaults and fault["loc"][0] not in own
        _explain(str(file) if inherited else place, fault)


def _tidied(place: str, key: str, texts: Any, tidy: Any) -> Any:
    """Returns the texts without stray white space: a motion on one line, an info slide with its lines."""
    if not isinstance(texts, dict):
        return texts
    tidied = {}
    for language, text in texts.items():
        if not isinstance(text, str) or not text.strip():
            raise UserError(f"{place}: {key}.{language} is empty or not a text; write it or take the key away")
        tidied[language] = tidy(text.split() if key == "text" else [line.strip() for line in text.strip().splitlines()])
    return tidied


def _known_keys(place: str, mapping: Mapping[Any, Any], known: Sequence[str]) -> None:
    for key in mapping:
        if key not in known:
            mend = nearest(str(key), known) or f"; the keys are {', '.join(known)}"
            raise UserError(f"{place} unknown key {key!r}{mend}")


def _explain(place: str, fault: ErrorDetails) -> NoReturn:
    """Raises the first thing pydantic found as one line that names key, value and mend."""
    parts = [str(part) for part in fault["loc"] if part != "[key]"]
    key, given = ".".join(parts), fault["input"]
    if fault["type"] == "missing":
        raise UserError(f"{place}: the key {key!r} is missing; add it to the motion or, where it fits, to the file")
    if fault["type"] == "literal_error":
        allowed = fault["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        mend = nearest(str(given), allowed) or f"; it is one of {', '.join(allowed)}"
        raise UserError(f"{place}: {key!r} cannot be {given!r}{mend}")
    if key == "id":
        raise UserError(
            f"{place}: 'id' must be up to 80 letters, digits, '-', '_' or '.', beginning with the first two"
        )
    if fault["type"].startswith("date"):
        raise UserError(f"{place}: {key!r} cannot be {given!r}; write a day such as 2026-11-21")
    if key == "secondary":
        raise UserError(f"{place}: 'secondary' is a list of categories such as [{CATEGORIES[3]}, {CATEGORIES[4]}]")
    if key in ("text", "info"):
        raise UserError(f"{place}: {key!r} is a text, or a mapping of languages (en, zh) to texts")
    raise UserError(f"{place}: {key!r} cannot be {given!r}; {fault['msg'][0].lower()}{fault['msg'][1:]}")
