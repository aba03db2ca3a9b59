"""`verify`: recomputes a run from its log and says what differs."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig

from debate.commands.cli import plain
from debate.core.errors import UserError
from debate.reports.verify import differences
from debate.store.run import RunFolder


def job(config: DictConfig) -> int:
    """Prints a line for each difference; returns 1 where there is one."""
    path = str(plain(config)["run"])
    folder = RunFolder.open(Path(path), write=False)
    log = folder.log()
    events = list(log.read())
    log.close()
    found = list(differences(folder.path, folder.manifest, events))
    for line in found:
        print(line)
    if found:
        things = "thing differs" if len(found) == 1 else "things differ"
        raise UserError(f"run={path}: {len(found)} {things}, first: {found[0]}")
    print(f"{path}: {len(events)} events, hashes, verdicts, ratings and files agree")
    return 0
