"""Who sits: never kin of a debater, different families first, the load even."""

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from debate.core.contestant import Contestant
from debate.core.errors import UserError
from debate.core.panel import Panel
from debate.judges.panel import check_panel, recused, seat


def contestant(name: str, family: str) -> Contestant:
    return Contestant(id=name, provider="scripted", model="x", family=family)


def panel(*families: str, seats: int = 3) -> Panel:
    judges = [
        {"id": f"j{n}", "kind": "checklist"}
        if family == "checklist"
        else {"id": f"j{n}", "kind": "model", "provider": "scripted", "model": "x", "family": family}
        for n, family in enumerate(families)
    ]
    return Panel.model_validate({"seats": seats, "judges": judges})


EAST, WEST, NORTH = contestant("a", "east"), contestant("b", "west"), contestant("c", "North")


def test_kin_step_aside_whatever_the_letters_case() -> None:
    assert seat(panel("east", "WEST", "north", "checklist"), (EAST, WEST), {}, 1) == ("j2", "j3")
    assert seat(panel("east", "west", "north"), (EAST, NORTH), {}, 1) == ("j1",)


def test_other_families_first_then_the_least_load() -> None:
    judges = panel("red", "red", "blue", "checklist")
    assert set(seat(judges, (EAST, WEST), {}, 1)) in ({"j0", "j2", "j3"}, {"j1", "j2", "j3"})
    assert seat(judges, (EAST, WEST), {"j0": 5, "j2": 9}, 1) == ("j1", "j2", "j3")
    assert len(seat(panel("red", "red", "red"), (EAST, WEST), {}, 1)) == 3


def test_load_stays_even_over_many_matchups() -> None:
    judges = panel("red", "green", "blue", "grey", "checklist", seats=2)
    load: Counter[str] = Counter()
    for n in range(100):
        load.update(seat(judges, (EAST, WEST), load, n))
    assert max(load.values()) - min(load[f"j{n}"] for n in range(5)) <= 1


FAMILIES = st.lists(st.sampled_from(["east", "west", "red", "blue", "checklist"]), min_size=1, max_size=6)


@given(FAMILIES, st.integers(1, 4), st.integers(0, 99))
def test_seats_are_filled_as_far_as_they_can_be(families: list[str], seats: int, seed: int) -> None:
    judges = panel(*families, seats=seats)
    chosen = seat(judges, (EAST, WEST), {}, seed)
    free = [family for family in families if family not in ("east", "west")]
    assert len(chosen) == len(set(chosen)) == min(seats, len(free))
    seated = {families[int(name[1:])] for name in chosen}
    assert not seated & {"east", "west"}
    assert len(seated) == min(len(chosen), len(set(free)))
    assert chosen == seat(judges, (EAST, WEST), {}, seed)


def test_a_pair_without_a_judge_is_named_with_the_mend() -> None:
    with pytest.raises(UserError, match=r"nobody may judge a against b.*east and west.*kind: checklist"):
        check_panel(panel("east", "west"), [EAST, WEST, NORTH])
    check_panel(panel("east", "west", "checklist"), [EAST, WEST, NORTH])
    check_panel(panel("east", "west", "red"), [EAST, WEST])


def test_what_the_screen_says() -> None:
    assert recused(panel("red", "checklist"), [EAST, WEST]) == ()
    some = recused(panel("east", "checklist"), [EAST, WEST, NORTH])
    assert some[0] == "judge j0 does not judge a (family east)"
    assert "in 2 of 3 pairs, such as a and b, the checklist judges alone" in some[1]
    kin = [contestant(name, "local") for name in "abcd"]
    never, alone = recused(panel("local", "checklist"), kin)
    assert "judge j0 never sits" in never and "another family or a person" in never
    assert "the checklist judges alone" in alone and "judges/checklist.yaml" in alone
    assert recused(panel("checklist"), kin) == (alone,)
    assert all(seat(panel("local", "checklist"), pair, {}, 1) == ("j1",) for pair in combinations(kin, 2))


def test_pairs_that_only_the_checklist_may_judge_are_counted() -> None:
    *_, words = recused(panel("east", "west", "checklist"), [EAST, WEST])
    assert "the checklist judges alone" in words
    *_, words = recused(panel("east", "west", "checklist"), [EAST, WEST, NORTH])
    assert "in 1 of 3 pairs, such as a and b" in words
