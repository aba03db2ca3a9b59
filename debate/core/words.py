"""How long a text is, in the unit in which debaters are given their time."""

from __future__ import annotations

import re
from functools import lru_cache

from debate.core.noun import Language

CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_UNIT = re.compile(f"[{CJK}]|[^\\W_{CJK}]+(?:['’\\-.,][^\\W_{CJK}]+)*")

#: A minute of speech is 150 English words or 250 Chinese characters, so a budget of words grows by this in Chinese.
SCALE: dict[Language, float] = {"en": 1.0, "zh": 250 / 150}


@lru_cache(maxsize=256)
def count_words(text: str) -> int:
    """Returns the length of `text`: Chinese characters and words of other scripts count one each; marks none."""
    return len(_UNIT.findall(text))


def word_ends(text: str) -> list[int]:
    """Returns the offset at which each unit that `count_words` counts ends, in order."""
    return [match.end() for match in _UNIT.finditer(text)]
