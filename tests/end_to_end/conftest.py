"""What the tests of whole commands share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.playing import Cluster, standing_cluster


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A Ray cluster for all tests that do not mind where debates take place; starting Ray takes longest of all."""
    with standing_cluster(tmp_path_factory.mktemp("cluster")) as joined:
        yield joined
