"""What all tests share. A test that is skipped fails the run."""

from __future__ import annotations

from typing import Callable

import pytest
from frontgate import Edge
from signing import signer_of

pytest_plugins = ["pytester"]


@pytest.fixture
def sign(frontgate: Edge) -> Callable[..., str]:
    """Signs links with the edge's key, by botocore."""
    return signer_of(frontgate)


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and any(reporter.stats.get(kind) for kind in ("skipped", "xfailed", "xpassed")):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
