"""The front door: `python -m debate COMMAND [key=value ...]`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import debate
from debate.core.errors import UserError, nearest

COMMANDS = {
    "tournament": "play a tournament and rate every contestant in every category",
    "resume": "go on with a run where it stopped",
    "match": "play one exhibition",
    "report": "write a run's report and files anew from its log",
    "rate": "rate contestants from a file of ballots",
    "verify": "recompute a run and say what differs",
    "motions": "count and check motions",
    "models": "say which models are configured and reachable",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code.

    0 done; 1 what the user can mend, said in one line on stderr; 2 a usage error; 130 after Ctrl-C or SIGTERM.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    command = arguments[0] if arguments else ""
    if command in COMMANDS:
        return _run(command, arguments[1:])
    if command in ("-h", "--help", "help"):
        print(_usage())
        return 0
    if command == "--version":
        print(f"debate {debate.__version__}")
        return 0
    if command:
        print(f"debate: there is no command {command!r}{nearest(command, COMMANDS)}; see --help", file=sys.stderr)
    else:
        print(_usage(), file=sys.stderr)
    return 2


def _usage() -> str:
    lines = "\n".join(f"  {name:<12}{what}" for name, what in COMMANDS.items())
    return (
        "debate: a tournament engine in which language models debate.\n\n"
        "usage: python -m debate COMMAND [key=value ...]\n\n"
        f"{lines}\n\n"
        "python -m debate COMMAND --help says what a command takes; --cfg job shows what it would run with.\n"
        "Start with: python -m debate tournament"
    )


def _run(command: str, arguments: list[str]) -> int:
    try:
        from debate.commands.cli import run

        # The command's own imports wait until its configuration is composed: --help and a typo answer at once.
        return run(lambda config: import_module(f"debate.commands.{command}").job(config), command, arguments)
    except UserError as error:
        print(f"debate: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("debate: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read the output has gone; there is nobody left to tell, and the exit must not write either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


if __name__ == "__main__":
    sys.exit(main())
