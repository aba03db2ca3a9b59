"""Lets these tests import tests/servers and their own asking.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
