import io
import re
import threading

import pytest
from example_run import ExampleRun, eventful_run, example_spec, finished_run
from rich.cells import cell_len
from rich.console import Console

from debate.core.spec import Budget
from debate.live.lines import LineScreen
from debate.live.terminal import LiveScreen, open_screen

HOSTILE = (
    "[/] [red]markup[/red] [link=x]\x1b[2J\x1b[31mred\x1b]0;title\x07\x1bc\x9b31m \u202eright to left\u202c "
    "\u200bzero\ufeff width\u2066 \x08\x07bell \ud800 שלום "
    "e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\r\nnext\x0bline\u2028end"
)
#: What no text of a stranger may bring to a terminal.
FORBIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff\ud800-\udfff]"
)


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def terminal(width: int = 80, height: int = 24, *, live: bool = True) -> Console:
    return Console(
        width=width,
        height=height,
        force_terminal=live,
        color_system=None,
        file=io.StringIO(),
        _environ={},
        legacy_windows=False,
        highlight=False,
    )


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def picture(screen: LiveScreen, width: int, height: int) -> list[str]:
    console = terminal(width, height)
    console.print(screen._picture())
    return written(console).splitlines()


def live_screen(run: ExampleRun, console: Console | None = None, clock: Clock | None = None) -> LiveScreen:
    return LiveScreen(run.state, run.standings, console or terminal(), clock or Clock())


def under_way(debates: int = 3) -> ExampleRun:
    run = finished_run(matchups=4)
    run.spec = run.state.spec = example_spec(budget=Budget(matchups=8, usd=5.0))
    run.state.stopped = None
    for n in range(debates):
        matchup = run.schedule("plain", "socratic")
        run.speak(matchup, "a")
        if n:
            run.speak(matchup, "a")
    return run


@pytest.mark.parametrize(("width", "height"), [(80, 24), (140, 45), (100, 30), (60, 16), (40, 10), (200, 60)])
def test_the_picture_fits_the_terminal_exactly(width: int, height: int) -> None:
    run = under_way()
    screen = live_screen(run, terminal(width, height))
    screen.live("m00005", "a", "con_opening", "words " * 300)
    screen.note("a note " * 30)
    lines = picture(screen, width, height)
    assert len(lines) == height
    assert max(cell_len(line) for line in lines) <= width


@pytest.mark.parametrize(("width", "height"), [(80, 24), (140, 45)])
def test_the_picture_says_who_debates_what_and_how_it_stands(width: int, height: int) -> None:
    run = under_way()
    clock = Clock()
    screen = live_screen(run, terminal(width, height), clock)
    screen.live("m00005", "a", "con_opening", "It is not the cars, it is ")
    screen.live("m00005", "a", "con_opening", "the streets.")
    clock.time = 187
    text = "\n".join(picture(screen, width, height))
    for expected in (
        "example", "4 of 8 matchups", "3:07", "$0.09 of $5.00", "tokens",
        "This house would abolish homework", "▸ CON socratic", "con_opening", "2/6",
        "It is not the cars, it is the streets.",
        "plain", "1-4", "edu", "beat", "m00004",
    ):  # fmt: skip
        assert expected in text


def test_words_of_the_next_speech_survive_the_logging_of_the_one_before() -> None:
    run = under_way(1)
    screen = live_screen(run)
    screen.live("m00005", "a", "con_opening", "first half")
    screen.live("m00005", "a", "pro_rebuttal", "what PRO answers")
    screen.event(run.speak("m00005", "a"))
    assert "what PRO answers" in "\n".join(picture(screen, 80, 24))
    screen.event(run.speak("m00005", "a"))
    assert "what PRO answers" not in "\n".join(picture(screen, 80, 24))


def test_time_left_follows_from_the_work_done_since_the_screen_opened() -> None:
    run = ExampleRun(example_spec(budget=Budget(matchups=8)))
    run.start()
    run.matchup("plain", "socratic")
    clock = Clock()
    screen = live_screen(run, clock=clock)
    assert "not known yet" in picture(screen, 80, 24)[0]
    run.matchup("plain", "steelman")
    clock.time = 60
    assert "1:00  about 6:00 left" in picture(screen, 80, 24)[0]


def test_judging_and_waiting_are_said() -> None:
    run = ExampleRun()
    run.start()
    screen = live_screen(run)
    assert "waiting for the first words" in "\n".join(picture(screen, 80, 24))
    matchup = run.schedule("plain", "socratic")
    for _ in run.spec.format.steps:
        run.speak(matchup, "a")
    run.judge(matchup, "a", "solomon", 1)
    assert "judging, 1 of 2 ballots" in "\n".join(picture(screen, 80, 24))


@pytest.mark.parametrize("live", [True, False])
def test_hostile_text_brings_nothing_to_the_terminal(live: bool) -> None:
    run = ExampleRun()
    console = terminal(live=live)
    screen = open_screen(run.state, run.standings, console)
    events = [run.start()]
    matchup = run.schedule("plain", "socratic")
    with screen:
        for event in events:
            screen.event(event)
        screen.live(matchup, "a", "pro_opening", HOSTILE)
        screen.event(run.speak(matchup, "a", HOSTILE))
        screen.event(
            run.add(
                "fault",
                matchup,
                leg="a",
                step="x",
                who="plain",
                key="k",
                fault="retry",
                attempt=0,
                wait=0.0,
                detail=HOSTILE,
            )
        )
        for leg in ("a", "b"):
            screen.event(run.add("leg_void", matchup, leg=leg, cause=HOSTILE))
        screen.note(HOSTILE)
        if isinstance(screen, LiveScreen):
            for line in picture(screen, 80, 24):
                assert not FORBIDDEN.search(line)
    if not live:
        assert not FORBIDDEN.search(written(console))
        assert "[/] [red]markup[/red]" in written(console)


def test_the_terminal_is_given_back_after_an_error() -> None:
    run = under_way()
    console = terminal()
    screen = open_screen(run.state, run.standings, console)
    assert isinstance(screen, LiveScreen)
    with pytest.raises(KeyError), screen:
        screen.note("one judge only")
        raise KeyError("broken")
    text = written(console)
    assert text.count("\x1b[?1049h") == text.count("\x1b[?1049l") == 1
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
    assert text.rindex("one judge only") > text.index("\x1b[?1049l")


def test_an_error_while_drawing_leaves_no_broken_terminal() -> None:
    run = under_way()
    console = terminal()
    screen = live_screen(run, console)
    screen._words = None  # type: ignore[assignment]
    with pytest.raises(TypeError), screen:
        pass
    assert written(console).endswith("\x1b[?1049l\x1b[?25h") or not console.is_alt_screen


def test_the_picture_can_be_drawn_while_events_come() -> None:
    run = ExampleRun(example_spec(budget=Budget(matchups=200)))
    run.start()
    screen = live_screen(run)
    errors: list[Exception] = []
    done = threading.Event()

    def draw() -> None:
        while not done.is_set():
            try:
                screen._lines(140, 45)
            except Exception as error:
                errors.append(error)

    thread = threading.Thread(target=draw)
    thread.start()
    for n in range(40):
        a, b = run.spec.contestants[n % 4].id, run.spec.contestants[(n + 1) % 4].id
        screen.live(f"m{n:05}", "a", "pro_opening", "words")
        screen.event(run.events[-1])
        run.matchup(a, b)
        screen.event(run.events[-1])
    done.set()
    thread.join()
    assert errors == []


def test_lines_tell_each_thing_once_and_at_once() -> None:
    run = ExampleRun()
    clock = Clock()
    console = terminal(live=False)
    screen = LineScreen(run.state, console, clock)
    with screen:
        screen.event(run.start())
        matchup = run.schedule("plain", "socratic")
        screen.event(run.events[-1])
        clock.time = 3
        screen.live(matchup, "a", "pro_opening", " ")
        screen.live(matchup, "a", "pro_opening", "The burden")
        screen.live(matchup, "a", "pro_opening", " lies")
        assert '[0:03] m00001a pro_opening begins: "The burden' in written(console)
        screen.event(run.speak(matchup, "a"))
        for leg in ("a", "b"):
            for judge in ("solomon", "checklist"):
                screen.event(run.judge(matchup, leg, judge, 1 if leg == "a" else -1))
            screen.event(run.add("leg_done", matchup, leg=leg))
        screen.event(run.decide(matchup))
    lines = written(console).splitlines()
    assert lines[0].startswith("[0:00] example: duel, en, 8 matchups; contestants plain, evidence-first")
    assert sum("begins" in line for line in lines) == 1
    assert any("m00001 scheduled: plain and socratic, education" in line and "are close" in line for line in lines)
    assert any("pro_opening, plain (PRO, " in line and '"The burden lies' in line for line in lines)
    assert any(re.search(r"m00001 verdict: plain beat socratic by [0-9.]+ \(education\)$", line) for line in lines)


def test_lines_count_faults_instead_of_repeating_them() -> None:
    run = ExampleRun()
    run.start()
    matchup = run.schedule("plain", "socratic")
    clock = Clock()
    console = terminal(live=False)
    screen = LineScreen(run.state, console, clock)
    with screen:
        for n in range(100):
            clock.time += 0.25
            body = {"leg": "a", "step": "x", "who": "plain", "key": "k", "fault": "rate_limit", "attempt": n}
            screen.event(run.add("fault", matchup, wait=1.0, detail="slow down", **body))
    faults = [line for line in written(console).splitlines() if "fault: " in line or "faults: " in line]
    assert "slow down" in faults[0]
    assert len(faults) <= 4
    counted = [int(n) for line in faults[1:] for n in re.findall(r"rate_limit of plain (\d+)", line)]
    assert sum(counted) == 99


def test_a_line_of_progress_comes_at_most_every_ten_seconds() -> None:
    run = ExampleRun()
    run.start()
    clock = Clock()
    console = terminal(live=False)
    screen = LineScreen(run.state, console, clock)
    with screen:
        for _ in range(35):
            clock.time += 1
            screen.event(run.events[0])
    assert written(console).count("0 of 8 matchups;") == 3


def test_screens_are_chosen_by_what_the_terminal_can_do() -> None:
    run = ExampleRun()
    assert isinstance(open_screen(run.state, run.standings, terminal()), LiveScreen)
    assert isinstance(open_screen(run.state, run.standings, terminal(live=False)), LineScreen)
    dumb = Console(file=io.StringIO(), force_terminal=True, _environ={"TERM": "dumb"})
    assert isinstance(open_screen(run.state, run.standings, dumb), LineScreen)


def test_forced_colour_does_not_make_a_pipe_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr("sys.stdout", io.StringIO())
    run = ExampleRun()
    assert isinstance(open_screen(run.state, run.standings), LineScreen)


@pytest.mark.parametrize("width", [80, 140])
def test_the_ending_says_what_is_known_and_what_is_not(width: int) -> None:
    run = eventful_run()
    console = terminal(width, live=False)
    screen = open_screen(run.state, run.standings, console)
    with screen:
        pass
    screen.finish(run.standings(), {"report": "runs/example/report/index.html", "log": "runs/example/events.sqlite"})
    text = written(console)
    for expected in (
        "Not enough data to name a first", "Overall", "education", "95% interval", "provisional", "1-4",
        "PRO was ahead on", "too few to say more", "solomon 8 ballots", "$0.", "rate_limit 2", "1 leg void",
        "m00006a for anna", "report: runs/example/report/index.html",
    ):  # fmt: skip
        assert expected in text


def test_the_ending_of_a_run_without_a_verdict() -> None:
    run = ExampleRun()
    run.start()
    console = terminal(live=False)
    screen = open_screen(run.state, run.standings, console)
    with screen:
        pass
    screen.finish(run.standings(), {})
    assert "Not enough data: no matchup has been decided." in written(console)
    assert "categories without a rated matchup: education, environment" in written(console)
    assert "Sides   not enough data" in written(console)
