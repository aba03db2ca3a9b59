"""Hydra's grammar in front of a command: composes its configuration and gives it to the command's `job`."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel, ValidationError

from debate import content
from debate.core.errors import UserError, nearest

Job = Callable[[DictConfig], int]

# Hydra would make a folder and log files for each start; a run has a folder of its own.
_QUIET = ["hydra.output_subdir=null", "hydra.run.dir=.", "hydra/job_logging=none", "hydra/hydra_logging=none"]


def run(job: Job, command: str, arguments: list[str]) -> int:
    """Composes the configuration of `command` from `arguments` and returns what `job` makes of it.

    Raises:
        UserError: the configuration cannot be composed.
    """
    codes: list[int] = []

    def task(config: DictConfig) -> None:
        codes.append(job(config))

    root = str(content.ROOT).replace("\\", "\\\\").replace("'", "\\'")
    sys.argv = ["debate", *_QUIET, f"hydra.searchpath=['file://{root}']", *arguments]
    # Otherwise Hydra prints errors itself, in several lines, and exits.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    main = hydra.main(version_base="1.3", config_path=str(content.ROOT / "conf"), config_name=command)
    try:
        main(task)()
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(_one_line(error)) from error
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 0
    return max(codes, default=0)


def _one_line(error: Exception) -> str:
    """Returns Hydra's complaint in one line, with the nearest name where it lists what there is."""
    text = str(error)
    if isinstance(error.__cause__, OmegaConfBaseException):
        text += f"\n{error.__cause__}"
    lines = [line.strip() for line in text.splitlines()]
    kept = [line for line in lines if line and not line.startswith(("full_key:", "object_type=", "Set the env"))]
    missing = re.match(r"(?:In '.*': )?Could not (?:find|override) '([\w/]+)/([^'/]+)'", " ".join(kept))
    if missing:
        group, name = missing.groups()
        known = re.findall(r"^\s+([\w.-]+)$", text, re.MULTILINE)
        near = nearest(name, known)
        return f"{group}={name}: there is no such file{near or '; there are ' + ', '.join(known) if known else ''}"
    missing_key = re.match(r"Could not override '([\w.\[\]]+)'", kept[0]) or re.match(r"Key '(\w+)' is not in", kept[0])
    if missing_key:
        return f"{missing_key[1]}: there is no such key; --help lists them"
    return " ".join(kept)


def plain(config: DictConfig, key: str | None = None) -> Any:
    """Returns the configuration, or the part below `key`, as plain dictionaries with everything resolved.

    Raises:
        UserError: an interpolation cannot be resolved, or a value that must be given is missing.
    """
    try:
        node = config if key is None else OmegaConf.select(config, key, throw_on_missing=True)
        if not OmegaConf.is_config(node):
            return node
        return OmegaConf.to_container(node, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        first = str(error).splitlines()[0]
        missing = re.search(r"[Mm]issing mandatory value: ?(\S+)", first)
        if missing:
            name = missing[1]
            raise UserError(f"{name}=... must be given; --help shows how") from error
        raise UserError(first) from error


def chosen(group: str) -> tuple[str, Path | None]:
    """Returns which file of a group was composed: its name as typed (`debaters=mine`) and its path, if it is a file."""
    runtime = HydraConfig.get().runtime
    name = runtime.choices.get(group)
    for source in runtime.config_sources:
        if source.schema == "file" and (file := Path(source.path) / group / f"{name}.yaml").is_file():
            return f"{group}={name}", file
    return f"{group}={name}", None


def config_folders() -> list[Path]:
    """Returns the folders that `--config-dir` added, in the order in which they are searched."""
    return [
        Path(source.path)
        for source in HydraConfig.get().runtime.config_sources
        if source.schema == "file" and source.provider == "command-line" and Path(source.path).is_dir()
    ]


Checked = TypeVar("Checked", bound=BaseModel)


def checked(noun: type[Checked], data: Any, where: str) -> Checked:
    """Returns `data` as a `noun`.

    Raises:
        UserError: it is not one; the line names `where`, the key and the mend.
    """
    try:
        return noun.model_validate(data)
    except ValidationError as error:
        raise UserError(explain(error, noun, where)) from error


def explain(error: ValidationError, noun: type[BaseModel], where: str) -> str:
    """Returns the first thing that is wrong, in one line: where, which key, why, and the nearest right key."""
    first = error.errors()[0]
    place = [part for part in first["loc"] if part not in ("model", "checklist", "human")] or first["loc"]
    key = re.sub(r"\.(\d+)", r"[\1]", ".".join(map(str, place)))
    match first["type"]:
        case "extra_forbidden":
            known = _field_names(noun, set())
            words = f"{key} is not a known key{nearest(str(place[-1]), known)}"
        case "missing":
            words = f"{key} is missing"
        case "literal_error" | "enum" | "union_tag_invalid":
            expected = first.get("ctx", {}).get("expected") or first.get("ctx", {}).get("expected_tags", "")
            names = re.findall(r"'([^']+)'", expected)
            given = first["input"] if not isinstance(first["input"], dict) else first["input"].get("kind")
            key = f"{key}.kind" if first["type"] == "union_tag_invalid" else key
            words = f"{key} is {given!r}{nearest(str(given), names)}; it is one of {', '.join(names)}"
        case _:
            message = first["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
            words = f"{key}: {message}" if key else message
            if key and isinstance(first["input"], str | int | float | bool):
                words += f" (it is {first['input']!r})"
    return f"{where}: {words}"


def _field_names(noun: type[BaseModel], seen: set[type[BaseModel]]) -> set[str]:
    """Returns the keys that `noun` and the nouns inside it know."""
    seen.add(noun)
    names = set(noun.model_fields)
    for field in noun.model_fields.values():
        for inner in _nouns_in(field.annotation):
            if inner not in seen:
                names |= _field_names(inner, seen)
    return names


def _nouns_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [noun for part in getattr(annotation, "__args__", ()) for noun in _nouns_in(part)]
