"""Which motions are in play, and how a run commits itself to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from debate.core.errors import UserError, nearest
from debate.core.motion import CATEGORIES, Motion
from debate.core.noun import Language, digest


def choose(motions: Iterable[Motion], categories: Sequence[str], language: Language) -> tuple[Motion, ...]:
    """Returns the motions whose own category is one of `categories` and that have a text in `language`.

    They come category by category, as `categories` lists them, and keep their order within each. Secondary categories
    do not count: a debate is rated in one category.

    Raises:
        UserError: `categories` is empty, or one of them is unknown or has no motion in `language`.
    """
    if not categories:
        raise UserError(f"categories: none is chosen; name one or more of {', '.join(CATEGORIES)}")
    pool: dict[str, list[Motion]] = {}
    for motion in motions:
        pool.setdefault(motion.category, []).append(motion)
    chosen: list[Motion] = []
    for category in dict.fromkeys(categories):
        if category not in CATEGORIES:
            mend = nearest(category, CATEGORIES) or f"; the categories are {', '.join(CATEGORIES)}"
            raise UserError(f"categories: there is no category {category!r}{mend}")
        fitting = [motion for motion in pool.get(category, ()) if language in motion.text]
        if not fitting:
            others = len(pool.get(category, ()))
            have = f"its {others} are in another language" if others else "the motion packs have none of it"
            raise UserError(f"category {category} has no motions in {language}; {have}: add some or leave it out")
        chosen += fitting
    return tuple(chosen)


def commitment(motion: Motion) -> str:
    """Returns the SHA-256 of the motion's canonical JSON, by which anyone can check that it was not changed."""
    return digest(motion.model_dump(mode="json"))
