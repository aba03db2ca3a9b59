"""Making a run, opening one, and playing it to its end."""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
import signal
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from pydantic import ValidationError

import debate
from debate import content
from debate.core.errors import UserError
from debate.core.event import Draft, Event
from debate.core.spec import TournamentSpec
from debate.live.terminal import Screen, open_screen
from debate.models import journal
from debate.motions.draw import commitment
from debate.reports.files import Files, standings_of
from debate.reports.page import write_report
from debate.store.clock import now
from debate.store.log import EventLog, broken_link
from debate.store.run import LAYOUT, Manifest, RunFolder
from debate.tournaments.state import RunState
from debate.tournaments.tally import Tally

#: What ends a run early, with everything saved.
_SIGNALS = (signal.SIGINT, signal.SIGTERM)

#: Packages whose version can change what a run does.
_PACKAGES = (
    "ray",
    "pydantic",
    "openai",
    "anthropic",
    "networkx",
    "numpy",
    "scipy",
    "trueskill",
    "hydra-core",
    "xllamacpp",
)


def create_run(spec: TournamentSpec, where: str | None) -> tuple[RunFolder, EventLog, RunState]:
    """Makes the folder of a new run, `where` or runs/<date>-<name>, with the first event in its log.

    Raises:
        UserError: the folder exists already or cannot be made.
    """
    manifest = Manifest(
        layout=LAYOUT,
        run=secrets.token_hex(16),
        version=debate.__version__,
        revision=_revision(),
        created=now(),
        spec=spec,
        motions={motion.id: commitment(motion) for motion in spec.motions},
        packages={name: version(name) for name in _PACKAGES},
    )
    folder = RunFolder.create(Path(where) if where else _free_folder(spec.name), manifest)
    log, state = folder.log(), RunState(spec)
    _begin(log, state, manifest)
    return folder, log, state


def _begin(log: EventLog, state: RunState, manifest: Manifest) -> None:
    for event in log.append([Draft("run_started", "", {"manifest": manifest.sha256})]):
        state.apply(event)


def open_run(path: str, *, write: bool) -> tuple[RunFolder, EventLog, RunState]:
    """Opens a run that exists and folds its log.

    Raises:
        UserError: there is none, it is damaged, of another version, or, to be written, held by a live process.
    """
    folder = RunFolder.open(Path(path), write=write)
    try:
        journal.check(folder.path / "calls")
        log = folder.log()
        try:
            return folder, log, _folded(folder, log, path, write)
        except UserError:
            log.close()
            raise
    except UserError:
        folder.close()
        raise


def _folded(folder: RunFolder, log: EventLog, path: str, write: bool) -> RunState:
    events = list(log.read())
    state = RunState(folder.manifest.spec)
    if not events and write and folder.untouched:
        _begin(log, state, folder.manifest)
        return state
    if not events:
        raise UserError(f"run={path} is damaged: its log has no events")
    if broken := broken_link(events):
        raise UserError(f"run={path} is damaged: {broken}; verify run={path} says more")
    if events[0].body.get("manifest") != folder.manifest.sha256:
        raise UserError(f"run={path} is damaged: manifest.json was changed after the run began")
    fold(state, events, path)
    return state


def fold(state: RunState, events: Sequence[Event], path: str) -> None:
    """Folds `events` into `state`. Raises UserError where one does not fit those before it."""
    for event in events:
        try:
            state.apply(event)
        except (KeyError, ValueError, ValidationError) as error:
            raise UserError(f"run={path} is damaged: event {event.seq} ({event.kind}) does not fit the log") from error


def play(folder: RunFolder, log: EventLog, state: RunState, notes: Sequence[str]) -> int:
    """Plays a run to its end with a screen; writes its files and its report; returns the exit code.

    That is 0, or 130 where Ctrl-C (SIGINT) or SIGTERM ended it. What was heard until then is saved.
    """
    spec = state.spec
    tally = Tally([c.id for c in spec.contestants], spec.categories, spec.rubric.weights)
    files = Files(folder.path, state)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with open_screen(state, tally.standings) as screen:
            for note in notes:
                screen.note(note)
            try:
                reason = _play(folder, log, state, tally, _Watch(screen, files, tally))
            except KeyboardInterrupt:  # before the director could take it, or for the second time
                reason = "interrupted"
                if state.stopped is None:
                    for event in log.append([Draft("stopped", "", {"reason": reason})]):
                        state.apply(event)
            finally:
                # From the log, since the director's tally knows nothing before the director has begun.
                standings = standings_of(state)
                files.write_all(standings)
                report = write_report(folder.path, state, standings)
            where = {
                "report": str(report),
                "run": str(folder.path),
                "go on": f"python -m debate resume run={folder.path}",
            }
            screen.finish(standings, where)
    finally:
        log.close()
        folder.close()
        signal.signal(signal.SIGTERM, before)
    return 130 if reason == "interrupted" else 0


def _play(folder: RunFolder, log: EventLog, state: RunState, tally: Tally, watch: _Watch) -> str:
    from debate.tournaments.cluster import open_halls, ray_running
    from debate.tournaments.director import Director

    with ray_running(state.spec.cluster):

        async def direct() -> str:
            halls = open_halls(state.spec, folder.path.resolve() / "calls")
            director = Director(log, state, tally, halls, watch)
            loop = asyncio.get_running_loop()

            def interrupt() -> None:
                director.interrupt()
                for number in _SIGNALS:  # a second one breaks off whatever the director still waits for
                    loop.remove_signal_handler(number)
                    signal.signal(number, signal.default_int_handler)

            for number in _SIGNALS:
                loop.add_signal_handler(number, interrupt)
            return await director.run()

        return asyncio.run(direct())


class _Watch:
    """Those who look on while a run is played: the screen, and the files that are kept up to date."""

    def __init__(self, screen: Screen, files: Files, tally: Tally) -> None:
        self._screen = screen
        self._files = files
        self._tally = tally

    def event(self, event: Event) -> None:
        self._screen.event(event)
        self._files.event(event, self._tally.standings() if self._files.due() else None)

    def live(self, matchup: str, leg: str, step: str, piece: str) -> None:
        self._screen.live(matchup, leg, step, piece)


def _free_folder(name: str) -> Path:
    stem = f"{dt.datetime.now().astimezone().date().isoformat()}-{name}"
    number = 1
    while (path := Path("runs") / (stem if number == 1 else f"{stem}-{number}")).exists():
        number += 1
    return path


def _revision() -> str:
    """Returns the commit of the code where it runs from a repository, with `+` where files differ from it."""
    if not (content.ROOT / ".git").exists():
        return ""
    git = ["git", "-C", str(content.ROOT)]
    try:
        head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
        changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head + ("+" if changed.strip() else "")
