import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from example_run import ExampleRun, eventful_run, example_spec, finished_run

from debate.core.debate import Claim
from debate.core.errors import UserError
from debate.core.spec import Budget
from debate.reports.page import ON_ONE_PAGE, write_report
from debate.reports.texts import CHINESE, ENGLISH

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style><style>*{display:none}</style>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)' x='",
    "<svg onload=alert(1)><foreignObject>x</foreignObject></svg>",
    '<a href="javascript:alert(1)">x</a>',
    "<!-- <details> -->",
    "</details></article></main>",
    "&lt;b&gt; &amp; &#x3C;b&#x3E;",
    "{{ 7 * 7 }} {% raw %} {# x #}",
    "\u202eright to left\u202c \u2066isolated \u200bzero\ufeff\x00\x1b[31m\x07\x9b \ud800",
    "W" * 5000,
    "العربية עברית",
    "[P1.1] [C9.9] P1.1 [[P1.1]]",
]

#: Elements that have no end tag.
EMPTY = {"meta", "link", "br", "img", "line", "circle"}


class Page(HTMLParser):
    """Reads a page strictly: every element must be closed in its turn."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def report(run: ExampleRun, folder: Path) -> tuple[Page, str]:
    run.write(folder)
    path = write_report(folder, run.state, run.standings())
    assert path == folder / "report" / "index.html"
    html = path.read_text("utf-8")
    return Page(html), html


def check_sound(page: Page, html: str) -> None:
    """What holds for every page: nothing from elsewhere, nothing that runs, and links that lead somewhere."""
    assert not page.all("script")
    assert not {tag for tag, _ in page.elements} & {"iframe", "object", "embed", "base", "form", "foreignobject", "img"}
    for _, attributes in page.elements:
        assert not any(name.startswith("on") for name in attributes)
    policy = next(meta["content"] for meta in page.all("meta") if meta.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    assert "url(" not in html and "@import" not in html and "http://" not in html and "https://" not in html
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for link in page.all("a"):
        target = link["href"] or ""
        assert re.fullmatch(r"#.+|[A-Za-z0-9_\-]+\.html", target)
        assert not target.startswith("#") or target[1:] in ids
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", html)


def test_the_page_says_what_was_run_and_what_came_out(tmp_path: Path) -> None:
    run = finished_run(matchups=36)
    page, html = report(run, tmp_path)
    check_sound(page, html)
    for expected in (
        "example", "There is not enough data to name a first", "2026-03-14 09:30 UTC", "duel (6 steps)",
        "logic 25%", "0.1.0 (abcdef0)", "PRO was ahead on", "95% interval", "solomon", "checklist",
        "The run ended: budget.matchups: 36 matchups", "evidence-first", "No call failed.", "No leg is void.",
    ):  # fmt: skip
        assert expected in page.words
    top = run.standings().overall[0]
    assert f"{top.low:.1f} to {top.high:.1f}" in page.words
    plot = f"Rating {top.mu:.1f}, 95% interval {top.low:.1f} to {top.high:.1f}"
    assert plot in [svg.get("aria-label") for svg in page.all("svg")]


def test_the_page_shows_what_went_wrong_and_what_waits(tmp_path: Path) -> None:
    page, html = report(eventful_run(), tmp_path)
    check_sound(page, html)
    for expected in (
        "rate limit, waited 2", "truncated reply 1", "The model refused to speak.", "forfeited this leg: two refusals",
        "This leg is void and not scored: the server of evidence-first could not be reached", "cut at the word limit",
        "anna has still to judge", "The ballot of anna is still to come.", "awaiting.jsonl",
        "No ballot from anna: the ballot did not parse twice", "provisional", "too little data", "not debated",
        "That is too few to speak of a side effect.", "evidence-first and steelman: waits for ballots",
    ):  # fmt: skip
        assert expected in page.words


def test_claims_are_anchors_and_answers_lead_to_them(tmp_path: Path) -> None:
    page, _ = report(eventful_run(), tmp_path)
    ids = {attributes.get("id") for _, attributes in page.elements}
    assert {"m00001", "m00001-a", "m00001-a-P1.2", "m00001-b-C2.1"} <= ids
    links = [link["href"] for link in page.all("a")]
    assert "#m00001-a-C1.2" in links and "#m00001-b-P1.2" in links


def test_the_page_is_made_for_everybody(tmp_path: Path) -> None:
    page, html = report(eventful_run(), tmp_path)
    tags = [tag for tag, _ in page.elements]
    assert tags.count("h1") == tags.count("main") == 1
    assert tags.count("caption") == tags.count("table")
    assert all(th.get("scope") in ("col", "row", "rowgroup") for th in page.all("th"))
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(svg.get("role") == "img" and svg.get("aria-label") for svg in page.all("svg"))
    assert page.all("html")[0]["lang"] == "en"
    for rule in ("prefers-color-scheme: dark", "@media print", ":focus-visible", "max-width: 44rem"):
        assert rule in html
    regions = [attributes for _, attributes in page.elements if attributes.get("role") == "region"]
    assert regions and all(r.get("aria-label") or r.get("aria-labelledby") for r in regions)


def test_the_page_speaks_chinese(tmp_path: Path) -> None:
    page, html = report(eventful_run("zh"), tmp_path)
    check_sound(page, html)
    assert page.all("html")[0]["lang"] == "zh-Hans"
    for expected in ("排名", "正方", "本院将禁止私家车进入市中心。", "人工智能与数字", "数据太少", "模型拒绝发言。"):
        assert expected in page.words
    # What is left in Latin letters is names and numbers, not sentences of ours.
    assert "Standings" not in page.words and "provisional" not in page.words


def test_both_languages_say_the_same_things() -> None:
    assert list(ENGLISH) == list(CHINESE)
    for key, text in ENGLISH.items():
        assert set(re.findall(r"{(\w+)}", text)) == set(re.findall(r"{(\w+)}", CHINESE[key])), key


def test_nothing_is_translated_that_no_page_says() -> None:
    folder = Path(__file__).parents[2] / "debate" / "reports"
    said = "".join(file.read_text("utf-8") for file in [*folder.glob("templates/*.html"), folder / "page.py"])
    groups = (
        "kinds.",
        "status.",
        "shade.",
        "fault.",
        "criterion.",
        "kind.",
        "span.",
        "speech.",
        "verdict.",
        "prefers.",
    )
    names = {"politics", "international", "economics", "law", "society", "education", "environment", "health"}
    names |= {"science", "ai_digital", "culture", "philosophy"}
    names |= {"contestants", "judges"}
    unsaid = [key for key in ENGLISH if f'"{key}"' not in said and not key.startswith(groups) and key not in names]
    assert unsaid == []


def test_nothing_that_a_model_says_breaks_the_page(tmp_path: Path) -> None:
    run = ExampleRun(example_spec(budget=Budget(matchups=40)))
    run.start()
    for text in HOSTILE:
        matchup = run.schedule("plain", "socratic", ("solomon", "anna"))
        run.speak(matchup, "a", text, claims=(Claim("P1.1", text), Claim("P1.2", "not in the text " + text)))
        run.speak(matchup, "a", f"{text} [P1.1] {text}", claims=(Claim("C1.1", text),), answers=("P1.1", "P7.7"))
        run.judge(matchup, "a", "solomon", 1.0, text)
        run.add("ballot_void", matchup, leg="a", judge="anna", cause=text, calls=[])
        run.add("leg_done", matchup, leg="a")
        run.add("leg_void", matchup, leg="b", cause=text)
    run.add("stopped", reason=" ".join(HOSTILE[:11]))
    page, html = report(run, tmp_path)
    check_sound(page, html)
    assert "<script>alert(1)</script>" in page.words
    assert "{{ 7 * 7 }}" in page.words
    assert "right to left" in page.words


def test_large_runs_get_a_page_for_each_matchup(tmp_path: Path) -> None:
    run = finished_run(matchups=ON_ONE_PAGE + 1)
    page, html = report(run, tmp_path)
    check_sound(page, html)
    files = sorted(file.name for file in (tmp_path / "report").iterdir())
    assert files == ["index.html", *(f"m{n:05}.html" for n in range(1, ON_ONE_PAGE + 2))]
    assert "m00041.html" in [link["href"] for link in page.all("a")]
    apart = (tmp_path / "report" / "m00001.html").read_text("utf-8")
    check_sound(Page(apart), apart)
    assert "index.html" in [link["href"] for link in Page(apart).all("a")]
    assert 'id="m00001-a-P1.2"' in apart and "The burden lies" in apart
    assert "The burden lies" not in html


def test_a_run_that_has_only_begun_has_a_report(tmp_path: Path) -> None:
    run = ExampleRun()
    run.start()
    page, html = report(run, tmp_path)
    check_sound(page, html)
    assert "Not enough data: no matchup has been decided." in page.words
    assert "The run has not ended" in page.words


def test_a_report_is_written_anew_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    run = eventful_run()
    _, first = report(run, tmp_path)
    _, second = report(run, tmp_path)
    assert first == second
    assert [file.name for file in (tmp_path / "report").iterdir()] == ["index.html"]


def test_a_folder_without_a_run_is_said_in_one_line(tmp_path: Path) -> None:
    run = ExampleRun()
    with pytest.raises(UserError, match=r"no run is there \(manifest.json is missing\)$"):
        write_report(tmp_path, run.state, run.standings())
