"""`python -m benchmarks [NAME ...]`: runs the benchmarks, or those named, and closes with figures against limits."""

from __future__ import annotations

import sys
from importlib import import_module

from benchmarks.figures import Figure, print_figures

NAMES = ("start", "memory", "throughput")


def main(names: list[str]) -> int:
    """Returns 0, 1 where a limit is missed, 2 where there is no such benchmark."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"benchmarks: there is no {unknown[0]!r}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    found: list[Figure] = []
    for name in names or NAMES:
        print(f"== {name}\n", flush=True)
        found += import_module(f"benchmarks.{name}").figures()
    print("== figures against limits\n")
    return 0 if print_figures(found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
