import pytest
from example_run import finished_run
from hypothesis import given
from hypothesis import strategies as st

from debate.core.debate import Claim, Speech
from debate.core.rating import Standings, StandingsRow
from debate.reports.costs import costs
from debate.reports.view import Part, heat, plots, slug, speech_view


def row(contestant: str, mu: float, half: float = 4.0, matchups: int = 9, provisional: bool = False) -> StandingsRow:
    return StandingsRow(
        contestant=contestant,
        mu=mu,
        sigma=half / 2,
        low=mu - half,
        high=mu + half,
        rank_low=1,
        rank_high=2,
        matchups=matchups,
        provisional=provisional,
    )


def speech(text: str, claims: tuple[Claim, ...] = (), answers: tuple[str, ...] = ()) -> Speech:
    return Speech(
        step="pro_opening", side="pro", speaker=1, kind="constructive", text=text, words=1, claims=claims,
        answers=answers, at="2026-03-14T09:30:00.000Z",
    )  # fmt: skip


def test_plots_share_one_scale() -> None:
    places, ticks = plots([row("a", 30), row("b", 20)])
    assert [tick.label for tick in ticks] == ["15", "20", "25", "30", "35"]
    assert ticks[0].at == 3 and ticks[-1].at == 97
    assert places[0].mu == ticks[3].at and places[1].mu == ticks[1].at
    assert places[0].low < places[0].mu < places[0].high


@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(0, 100)), min_size=1, max_size=20))
def test_plots_stay_on_the_scale(values: list[tuple[float, float]]) -> None:
    places, ticks = plots([row(str(n), mu, half) for n, (mu, half) in enumerate(values)])
    assert all(3 <= place.low <= place.mu <= place.high <= 97 for place in places)
    assert 2 <= len(ticks) <= 8


def test_no_rows_no_plots() -> None:
    assert plots([]) == ([], [])


def test_heat_shades_what_is_sure_against_the_mean_of_its_category() -> None:
    rows = (row("a", 28), row("b", 25), row("c", 22), row("d", 40, matchups=0), row("e", 25, provisional=True))
    standings = Standings(overall=rows, categories={"law": rows, "politics": rows[:1]}, effects={})
    categories, cells = heat(standings)
    assert categories == ["politics", "law"]
    assert [cells[name][1].shade for name in "abcde"] == [2, 0, -2, None, None]
    assert cells["d"][1].row is None and cells["e"][1].row is not None
    assert cells["a"][0].shade == 0 and cells["b"][0].row is None


def test_claims_are_marked_where_they_begin_and_cited_ones_linked() -> None:
    view = speech_view(
        speech(
            "One is this.\n\nTwo answers [C1.1] and C9.9, as P1.1 said.",
            claims=(Claim("P1.1", "One is this."), Claim("P1.2", "Two answers"), Claim("P1.3", "Nowhere")),
            answers=("C1.1", "C4.4"),
        ),
        {"P1.1", "P1.2", "P1.3", "C1.1"},
    )
    assert view.paragraphs == (
        (Part("claim", "P1.1", "P1.1"), Part("text", "One is this.")),
        (
            Part("claim", "P1.2", "P1.2"),
            Part("text", "Two answers "),
            Part("cites", "[C1.1]", "C1.1"),
            Part("text", " and C9.9, as "),
            Part("cites", "P1.1", "P1.1"),
            Part("text", " said."),
        ),
    )
    assert view.loose == (Claim("P1.3", "Nowhere"),)
    assert view.answers == ("C1.1",)


def test_a_claim_that_bears_its_number_is_marked_once() -> None:
    view = speech_view(speech("[P1.1] One is this.", claims=(Claim("P1.1", "One is this."),)), {"P1.1"})
    assert view.paragraphs == ((Part("claim", "P1.1", "P1.1"), Part("text", " One is this.")),)


@given(st.text(alphabet="P1.2C[] \nab", max_size=60), st.lists(st.text(alphabet="P1.2 \nab", max_size=8), max_size=4))
def test_no_word_of_a_speech_is_lost(text: str, claims: list[str]) -> None:
    numbered = tuple(Claim(f"P1.{n}", claim) for n, claim in enumerate(claims, 1))
    view = speech_view(speech(text, numbered), {"C1.1", *(claim.id for claim in numbered)})
    shown = "".join(part.text for parts in view.paragraphs for part in parts if part.kind != "claim")
    marked = [part.claim for parts in view.paragraphs for part in parts if part.kind == "claim"]
    assert len(marked) == len(set(marked))
    assert sorted([*marked, *(name for name, _ in view.loose)]) == [claim.id for claim in numbered]
    squeezed = "".join(text.split())
    for name in marked:
        squeezed = squeezed.replace(f"[{name}]", "", 1)
    plain = "".join(shown.split())
    assert plain == squeezed or plain == "".join(text.split())


@pytest.mark.parametrize(("name", "safe"), [("m00001", "m00001"), ("../x", "---x"), ('a"b c', "a-b-c")])
def test_slug(name: str, safe: str) -> None:
    assert slug(name) == safe


def test_costs_add_up() -> None:
    run = finished_run(matchups=4)
    found = costs(run.state)
    assert list(found["contestants"]) == ["plain", "evidence-first", "socratic", "steelman"]
    assert list(found["judges"]) == ["solomon", "checklist", "anna"]
    assert found["judges"]["anna"] == {"calls": 0, "input": 0, "output": 0, "cached": 0, "usd": 0, "seconds": 0}
    rows = [*found["contestants"].values(), *found["judges"].values()]
    for key in ("calls", "input", "output", "cached", "usd", "seconds"):
        assert sum(row[key] for row in rows) == pytest.approx(found["total"][key])
    assert found["total"]["calls"] == 4 * 2 * (6 + 1)
