"""Hydra's grammar in front of a command: composes its configuration and gives it to the command's `job`."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import hydra
import yaml
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel, ValidationError

from debate import content
from debate.core.errors import UserError, nearest

if TYPE_CHECKING:
    from rich.console import Console

Job = Callable[[DictConfig], int]

# Hydra would make a folder and log files for each start; a run has a folder of its own.
_QUIET = ["hydra.output_subdir=null", "hydra.run.dir=.", "hydra/job_logging=none", "hydra/hydra_logging=none"]

#: Keys whose value is a text or a path, with whatever marks are in it.
_TEXTS = ("motion", "name", "run", "run.dir", "ballots", "out", "store.url", "cluster.address")

#: Hydra's options that are followed by a value.
_WITH_VALUE = ("-c", "--cfg", "-p", "--package", "-cp", "--config-path", "-cn", "--config-name", "-cd", "--config-dir")


def run(job: Job, command: str, arguments: list[str]) -> int:
    """Composes the configuration of `command` from `arguments` and returns what `job` makes of it.

    Raises:
        UserError: the configuration cannot be composed.
    """
    composed: list[tuple[DictConfig, Any]] = []

    def keep(config: DictConfig) -> None:
        composed.append((config, HydraConfig.instance().cfg))

    if many := next((word for word in arguments if word in ("-m", "--multirun")), None):
        print(f"debate: {many}: a command makes one run; start it once for each", file=sys.stderr)
        return 2
    options, overrides = _sorted_out(arguments)
    sys.argv = ["debate", *_QUIET, _searchpath(), *overrides, *options]
    # Otherwise Hydra prints errors itself, in several lines, and exits.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    main = hydra.main(version_base="1.3", config_path=str(content.ROOT / "conf"), config_name=command)
    try:
        main(keep)()
    except (HydraException, OmegaConfBaseException, ValueError) as error:
        raise UserError(_one_line(error, command)) from error
    except yaml.YAMLError as error:
        raise UserError(_not_yaml(error)) from error
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 0
    if not composed:  # --cfg and --info have printed what they were asked for
        return 0
    # The job runs outside of Hydra, which would print a line of its own about whatever the job raises.
    config, HydraConfig.instance().cfg = composed[0]
    return job(config)


def _searchpath() -> str:
    """Returns the override by which Hydra finds the groups that lie beside conf/."""
    root = str(content.ROOT).replace("\\", "\\\\").replace("'", "\\'")
    return f"hydra.searchpath=['file://{root}']"


def _sorted_out(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Returns options and overrides apart: Hydra's parser takes overrides only in one piece."""
    options: list[str] = []
    overrides: list[str] = []
    words = iter(arguments)
    for word in words:
        if not word.startswith("-"):
            overrides.append(_quoted(word))
            continue
        options.append(word)
        if word in _WITH_VALUE:
            options += [value for value in [next(words, None)] if value is not None]
    return options, overrides


def _quoted(word: str) -> str:
    """Returns an override, with its value in quotes where that is a text: marks mean something in Hydra's grammar."""
    key, _, value = word.partition("=")
    if value in ("", "null") or value[0] in "'\"":
        return word
    if key not in _TEXTS and (value.isascii() or value[0] in "[{"):
        return word
    # A backslash is itself, but for those that stand before a quote.
    escaped = re.sub(r"(\\+)$", r"\1\1", re.sub(r"(\\*)'", r"\1\1\\'", value))
    return f"{key}='{escaped}'"


def _one_line(error: Exception, command: str) -> str:
    """Returns Hydra's complaint in one line, with the nearest name where a name is not known."""
    text = str(error)
    if isinstance(error.__cause__, OmegaConfBaseException):
        text += f"\n{error.__cause__}"
    lines = [line.strip() for line in text.splitlines()]
    kept = [line for line in lines if line and not line.startswith(("full_key:", "object_type=", "Set the env"))]
    whole = " ".join(kept)
    missing = re.match(r"(?:In '.*': )?Could not (?:find|override) '(?:/)?([\w/]+)/([^'/]+)'", whole)
    if missing:
        group, name = missing.groups()
        known = re.findall(r"^\s+([\w.-]+)$", text, re.MULTILINE)
        near = nearest(name, known)
        return f"{group}={name}: there is no such file{near or '; there are ' + ', '.join(known) if known else ''}"
    unknown = re.match(r"Could not override '([\w.\[\]]+)'", kept[0]) or re.match(r"Key '(\w+)' is not in", kept[0])
    if unknown:
        return f"{unknown[1]}: there is no such key{nearest(unknown[1], _keys(command)) or '; --help lists them'}"
    if form := re.match(r"Error parsing override '(.*?)'", whole):
        return f"{form[1]!r} is not of the form key=value, such as seed=2; --help shows what there is"
    if "Config group override must be" in whole:
        return "a group takes the name of a file, such as debaters=quickstart; --help lists the groups"
    if "Ambiguous value for argument" in whole:
        return f"{whole.split(chr(39))[1]}: a list is written key=[a,b], and a text with a comma 'key=\"a,b\"'"
    return whole


def _not_yaml(error: yaml.YAMLError) -> str:
    """Returns where a file is not YAML, and what the parser stumbled over."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    what = getattr(error, "problem", None) or str(error).splitlines()[0]
    if mark is None:
        return f"{getattr(error, 'name', 'a file of the configuration')}: not YAML: {what}"
    return f"{mark.name}, line {mark.line + 1}: not YAML: {what}"


def _keys(command: str) -> list[str]:
    """Returns the keys that a command takes, with dots."""
    try:
        with hydra.initialize_config_dir(str(content.ROOT / "conf"), version_base="1.3"):
            config = hydra.compose(command, [_searchpath()])
    except (HydraException, OmegaConfBaseException):
        return []
    found: list[str] = []

    def walk(node: Any, above: str) -> None:
        for key, value in node.items():
            found.append(f"{above}{key}")
            if isinstance(value, dict):
                walk(value, f"{above}{key}.")

    walk(OmegaConf.to_container(config), "")
    return found


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
        if missing := re.search(r"[Mm]issing mandatory value: ?(\S+)", first):
            raise UserError(f"{missing[1]}=... must be given; --help shows how") from error
        if absent := re.search(r"Environment variable '(\w+)' not found", first):
            raise UserError(f"the configuration reads {absent[1]} from the environment; export it") from error
        raise UserError(first) from error


def open_console() -> Console:
    """Returns a console on standard output. Where that is no terminal, tables have the room they need."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 160, highlight=False)


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
    """Returns one thing that is wrong, in one line: where, which key, why, and the nearest right key.

    A key that is not known comes first, since what it was meant to be is then missing.
    """
    fault = min(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
    place = list(fault["loc"])
    if place[:1] == ["judges"] and place[2:3] and place[2] in ("model", "checklist", "human"):
        del place[2]  # which kind of judge it is: no key of the file
    key = re.sub(r"\.(\d+)", r"[\1]", ".".join(map(str, place)))
    match fault["type"]:
        case "extra_forbidden":
            words = f"{key} is not a known key{nearest(str(place[-1]), _names_at(noun, fault['loc'][:-1]))}"
        case "missing":
            words = f"{key} is missing"
        case "literal_error" | "enum" | "union_tag_invalid":
            expected = fault.get("ctx", {}).get("expected") or fault.get("ctx", {}).get("expected_tags", "")
            names = re.findall(r"'([^']+)'", expected)
            given = fault["input"] if not isinstance(fault["input"], dict) else fault["input"].get("kind")
            key = f"{key}.kind" if fault["type"] == "union_tag_invalid" else key
            words = f"{key} is {given!r}{nearest(str(given), names) or '; it is one of ' + ', '.join(names)}"
        case "union_tag_not_found":
            words = f"{key}.kind is missing; it is one of model, checklist, human"
        case "model_type" | "dict_type" | "model_attributes_type":
            words = f"{key + ' ' if key else ''}must hold keys, not {fault['input']!r}"
        case "tuple_type":
            words = f"{key} must be a list, not {fault['input']!r}"
        case _:
            message = re.sub(r"^(Value error, |Assertion failed, )", "", fault["msg"])
            message = re.sub(r"^(?:Input|[A-Z]\w+) should ", "must ", message).replace(" after validation", "")
            words = f"{key}: {message}" if key else message
            if key and isinstance(fault["input"], str | int | float | bool):
                words += f" (it is {fault['input']!r})"
    return f"{where}: {words}"


def _names_at(noun: type[BaseModel], place: Sequence[int | str]) -> list[str]:
    """Returns the keys that are known at a place inside `noun`."""
    here = [noun]
    for part in place:
        inner = [
            n for known in here if part in known.model_fields for n in _nouns_in(known.model_fields[part].annotation)
        ]
        tagged = [n for n in here if (kind := n.model_fields.get("kind")) is not None and kind.default == part]
        here = inner or tagged or here
    return list(dict.fromkeys(name for known in here for name in known.model_fields))


def _nouns_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [noun for part in getattr(annotation, "__args__", ()) for noun in _nouns_in(part)]
