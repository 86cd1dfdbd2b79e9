"""Fixtures: the application, and the edge in front of its films."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from app import create_app
from flask.testing import FlaskClient
from frontgate import Edge
from signing import Settings

SITE = "https://media.example.com"
NOW = datetime(2030, 1, 1, 12, tzinfo=timezone.utc)


@pytest.fixture(scope="session")
def frontgate_options() -> dict[str, Any]:
    """Links are signed for the production site, and verify at the edge unchanged."""
    return {"base_urls": SITE, "scope": "module"}


@pytest.fixture
def settings(frontgate: Edge) -> Settings:
    return Settings(SITE, frontgate.key_pair_id, frontgate.private_key_file)


@pytest.fixture
def client(settings: Settings) -> FlaskClient:
    """Returns a test client of the application, at noon of a day in 2030."""
    return create_app(settings, lambda: NOW).test_client()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """No test is left out."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and any(reporter.stats.get(kind) for kind in ("skipped", "xfailed", "xpassed")):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
