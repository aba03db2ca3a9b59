"""Where the folders lie that users edit: conf, motions, judges, tournaments."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent

#: The folder that holds conf/, motions/, judges/ and tournaments/: the repository's, or the copy in an installed wheel.
ROOT = _PACKAGE / "_content" if (_PACKAGE / "_content").is_dir() else _PACKAGE.parent
