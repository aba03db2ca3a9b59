"""Ray: starts it, puts models and halls into actors, and carries words between them in batches.

A message between actors costs more than an HTTP call, so requests, replies and news cross in batches: whatever has
gathered goes at once. Every batch is numbered and kept until its receipt is known, so a lost message is sent again.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from debate.core.contestant import Model
from debate.core.errors import UserError
from debate.core.panel import ModelJudge
from debate.core.spec import Cluster, TournamentSpec
from debate.models.host import ModelHost
from debate.models.outbox import Mark
from debate.models.protocol import OnText, Reply, Request
from debate.tournaments.hall import Assignment, Hall, News

#: How long a lost actor is waited for before its work is submitted again.
RESTART_SECONDS = 1.0


@contextlib.contextmanager
def ray_running(cluster: Cluster) -> Iterator[None]:
    """Starts Ray, or joins the cluster at `cluster.address`, and leaves it again.

    Raises:
        UserError: there is no cluster at the address.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_DEDUP_LOGS"] = "0"
    # What an actor cannot do it answers; Ray need not say it too, with a traceback.
    os.environ["RAY_IGNORE_UNHANDLED_ERRORS"] = "1"
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    # Ray's workers would be nice to all else on the machine, and a debate would starve beside any busy program.
    os.environ.setdefault("RAY_worker_niceness", "0")
    local = cluster.address == "local"
    _reach(cluster.address)
    if local or cluster.address.startswith("127."):
        # Despite its name this is what makes every process of Ray take the loopback address as the node's.
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    import ray

    options: dict[str, Any] = {"address": cluster.address, "log_to_driver": False, "configure_logging": False}
    if local:
        # Actors take no CPU of Ray's and no large objects cross, so the least of both is enough.
        options |= {"num_cpus": 1, "object_store_memory": 80 * 2**20, "include_dashboard": False}
    try:
        try:
            with _silence():
                ray.init(logging_level="ERROR", **options)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise UserError(f"cluster.address={cluster.address}: {str(error).splitlines()[0]}") from error
        yield
    finally:
        ray.shutdown()


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keeps Ray's greetings from both streams, for which it has no switch: Python's, and those of its compiled part."""
    errors = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        os.dup2(errors, 2)
        os.close(errors)
        os.close(nowhere)


def _reach(address: str) -> None:
    """Makes sure that somebody listens at an address with a port: Ray would try for minutes."""
    host, colon, port = address.rpartition(":")
    if colon and "://" not in address and port.isdecimal():
        try:
            socket.create_connection((host, int(port)), timeout=5.0).close()
        except (OSError, OverflowError) as error:
            words = f"no Ray cluster answers there ({error.args[-1]}); start it, or take cluster=local"
            raise UserError(f"cluster.address={address}: {words}") from error


def open_halls(spec: TournamentSpec, calls: Path) -> list[RemoteHall]:
    """Starts the actors: one host for all models behind APIs, one for each file of local weights, and the halls."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    models: dict[str, Model] = {c.id: c for c in spec.contestants}
    models |= {judge.id: judge for judge in spec.panel.judges if isinstance(judge, ModelJudge)}
    forever = {"num_cpus": 0, "max_restarts": -1, "max_task_retries": -1, "max_concurrency": 1000}
    # Hosts stay on this machine, where the journal, local files and keys are. Halls go wherever the cluster has room.
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    named = {model.key_env for model in models.values() if model.key_env}
    keys = {name: os.environ[name] for name in named if name in os.environ}
    host = ray.remote(**forever, scheduling_strategy=here)(KeyedHost)
    # A matchup carries its motion. All motions together would make the hall's arguments so large that Ray keeps them
    # apart, and a hall could not be started anew.
    lean = spec.model_copy(update={"motions": ()})
    groups: dict[str, dict[str, Model]] = {}
    for name, model in models.items():
        group = f"local-{model.model}" if model.provider == "local" else "api"
        groups.setdefault(group, {})[name] = model
    hosts = []
    doors: dict[str, str] = {}
    for number, (group, members) in enumerate(groups.items()):
        door = host.options(name=group).remote(members, calls / f"host-{number}.jsonl", keys)
        door.warm.remote(list(members))
        hosts.append(door)
        doors |= dict.fromkeys(members, group)
    return [
        RemoteHall(ray.remote(**forever)(LinkedHall).remote(lean, doors, f"hall-{n}"), hosts)
        for n in range(spec.cluster.halls)
    ]


class RemoteHall:
    """A hall in an actor, as the director sees it. When its process dies, Ray starts it anew and it has a new life."""

    def __init__(self, actor: Any, hosts: list[Any]) -> None:
        self._actor = actor
        self._hosts = hosts  # an actor ends when nobody holds it any more

    async def submit(self, assignments: list[Assignment]) -> None:
        """Begins legs in the hall."""
        await _patiently(self._actor.submit.remote, assignments)

    async def collect(self, mark: Mark) -> tuple[Mark, list[News]]:
        """Returns the hall's news after `mark`, and the mark after them."""
        answer: tuple[Mark, list[News]] = await _patiently(self._actor.collect.remote, mark)
        return answer


class KeyedHost(ModelHost):
    """A host in an actor of its own. On a cluster that runs already, its environment is not the director's."""

    def __init__(self, models: dict[str, Model], journal: Path, keys: dict[str, str]) -> None:
        # As an argument, because Ray writes the environment that an actor is given into its own logs.
        os.environ.update(keys)
        super().__init__(models, journal)


class LinkedHall(Hall):
    """A hall in an actor of its own, which asks models through links to their hosts."""

    def __init__(self, spec: TournamentSpec, doors: dict[str, str], name: str) -> None:
        """`doors` names the host of each contestant and judge: handles of actors would not survive a restart."""
        import ray

        links = {door: HostLink(ray.get_actor(door), name) for door in set(doors.values())}
        super().__init__(spec, {who: links[door].ask for who, door in doors.items()})


class HostLink:
    """Asks the models of a host in another actor. Requests go out and replies come back in batches.

    When the host dies, Ray starts it anew and what was unanswered is submitted again; the host's journal answers what
    had been answered already, so nothing is paid for twice.
    """

    def __init__(self, host: Any, caller: str) -> None:
        self._host = host
        self._caller = caller
        self._unsent: list[Request] = []
        self._unanswered: dict[str, tuple[Request, asyncio.Future[Reply], OnText | None]] = {}
        self._moved = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def ask(self, request: Request, on_text: OnText | None = None) -> Reply:
        """Returns the reply to `request`; pieces of its text go to `on_text` as they come."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._send()), asyncio.create_task(self._receive())]
            for task in self._tasks:
                task.add_done_callback(self._broken)
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._unanswered[request.key] = (request, future, on_text)
        self._unsent.append(request)
        self._moved.set()
        return await future

    def _broken(self, task: asyncio.Task[None]) -> None:
        """Lets everybody who waits know that no answer will come."""
        error = None if task.cancelled() else task.exception()
        for _, future, _ in self._unanswered.values():
            if error is not None and not future.done():
                future.set_exception(error)

    async def _send(self) -> None:
        while True:
            await self._moved.wait()
            self._moved.clear()
            batch, self._unsent = self._unsent, []
            await self._submit(batch)

    async def _submit(self, batch: list[Request]) -> None:
        for live in (True, False):
            part = [r for r in batch if r.key in self._unanswered and (self._unanswered[r.key][2] is not None) == live]
            if part:
                await _patiently(self._host.submit.remote, self._caller, part, live)

    async def _receive(self) -> None:
        mark = Mark()
        while True:
            life = mark.life
            mark, news = await _patiently(self._host.collect.remote, self._caller, mark)
            for item in news:
                if item.key not in self._unanswered:
                    continue
                _, future, on_text = self._unanswered[item.key]
                if item.kind == "text":
                    if on_text is not None:
                        on_text(item.text)
                else:
                    del self._unanswered[item.key]
                    if not future.done():
                        future.set_result(item.reply)
            if life != mark.life:
                await self._submit([request for request, _, _ in self._unanswered.values()])


async def _patiently(call: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
    """Returns what the actor answers, asking again while Ray starts it anew.

    Raises:
        UserError: the actor cannot be made.
    """
    from ray.exceptions import RayActorError

    while True:
        try:
            return await call(*arguments)
        except RayActorError as error:
            if error.actor_init_failed:
                # It cannot begin, however often Ray tries; what it said of that is the last line.
                raise UserError(str(error).strip().splitlines()[-1].rpartition("UserError: ")[2]) from error
            await asyncio.sleep(RESTART_SECONDS)
