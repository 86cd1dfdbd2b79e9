"""The fixture `frontgate` and its marker, in test suites of their own."""

from __future__ import annotations

import pytest
from waiting import ended_within

SCOPED = """
import pytest

def note(edge):
    with open("pids", "a") as file:
        file.write(f"{edge.pid}\\n")

def alive(pid):
    import os
    try:
        os.kill(pid, 0)
        return True
    except ProcessLookupError:
        return False

seen = {}
"""


def pids(pytester: pytest.Pytester) -> list[int]:
    return [int(line) for line in (pytester.path / "pids").read_text().split()]


def test_each_test_has_its_own_edge(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        SCOPED
        + """
def test_one(frontgate):
    seen["first"] = frontgate
    note(frontgate)

def test_other(frontgate):
    assert frontgate is not seen["first"]
    assert not alive(seen["first"].pid)
    note(frontgate)
"""
    )
    pytester.runpytest_subprocess("--strict-markers").assert_outcomes(passed=2)
    assert len(set(pids(pytester))) == 2
    assert all(ended_within(pid, 2) for pid in pids(pytester))


def test_scopes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        SCOPED
        + """
pytestmark = pytest.mark.frontgate(scope="module")

@pytest.mark.frontgate(scope="class")
class TestOfAClass:
    def test_one(self, frontgate):
        seen["class"] = frontgate
        note(frontgate)

    def test_two(self, frontgate):
        assert frontgate is seen["class"]

    @pytest.mark.frontgate(public="/open/*")
    def test_with_other_options(self, frontgate):
        assert frontgate is not seen["class"]
        assert frontgate.get("/open/a").allowed and not frontgate.get("/public/a").allowed
        note(frontgate)

def test_after_the_class(frontgate):
    assert not alive(seen["class"].pid)
    seen["module"] = frontgate
    note(frontgate)

def test_shares_the_modules(frontgate):
    assert frontgate is seen["module"]

@pytest.mark.frontgate(scope="function")
def test_has_its_own(frontgate):
    assert frontgate is not seen["module"]
    assert alive(seen["module"].pid)
    note(frontgate)
"""
    )
    pytester.runpytest_subprocess("--strict-markers").assert_outcomes(passed=6)
    assert len(set(pids(pytester))) == 4
    assert all(ended_within(pid, 2) for pid in pids(pytester))


@pytest.mark.parametrize(("workers", "edges"), [(0, 1), (2, 2)])
def test_a_session_shares_one_in_each_worker(pytester: pytest.Pytester, workers: int, edges: int) -> None:
    test = SCOPED + """
@pytest.mark.frontgate(scope="session")
@pytest.mark.parametrize("number", range(10))
def test_one(frontgate, number):
    note(frontgate)
"""
    pytester.makepyfile(test_a=test, test_b=test)
    pytester.runpytest_subprocess("-n", str(workers)).assert_outcomes(passed=20)
    assert len(pids(pytester)) == 20
    assert len(set(pids(pytester))) == edges
    assert all(ended_within(pid, 2) for pid in set(pids(pytester)))


def test_options_of_a_project(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
import pytest

@pytest.fixture(scope="session")
def frontgate_options():
    return {"origin": lambda request: "of the project", "public": "/open/*", "scope": "session"}
"""
    )
    pytester.makepyfile(
        """
import pytest

def test_one(frontgate):
    assert frontgate.get("/open/a").text == "of the project"

@pytest.mark.frontgate(origin=lambda request: "of the test")
def test_other(frontgate):
    assert frontgate.get("/open/a").text == "of the test"
"""
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("marker", "says"),
    [
        ("orign='x'", "*the marker frontgate has no option 'orign'; did you mean 'origin'?*"),
        ("scope='package'", "*the marker frontgate has scope='package'; expected one of function, class, module, session*"),
        ("'http://127.0.0.1:9'", "*the marker frontgate takes named options only, such as origin=*"),
        ("origin='http://127.0.0.1:9'", "*StartError: *127.0.0.1:9*"),
    ],
)
def test_a_wrong_marker_is_one_error(pytester: pytest.Pytester, marker: str, says: str) -> None:
    pytester.makepyfile(f"import pytest\n@pytest.mark.frontgate({marker})\ndef test_it(frontgate): pass\n")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(says)


def test_a_failure_shows_the_test_and_what_explain_says(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(frontgate):\n    frontgate.at(1).assert_allowed('/a')\n")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            ">   *frontgate.at(1).assert_allowed('/a')",
            "E   *AssertionError: expected /a to be allowed, but it was denied as missing-key-pair-id (403)",
            "E  * judged at 1970-01-01T00:00:01Z for viewer 127.0.0.1",
        ]
    )
    assert "_assertions.py" not in result.stdout.str().replace("frontgate/_assertions.py:", "", 1)
