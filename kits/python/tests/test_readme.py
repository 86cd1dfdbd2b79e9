"""The README's examples are run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
SUITE = [block for block in BLOCKS if "@pytest.mark" in block]
CONFTEST = [block for block in BLOCKS if "frontgate_options" in block]
SCRIPTS = [block for block in BLOCKS if "import pytest" not in block]


def test_every_block_is_run() -> None:
    assert (len(SCRIPTS), len(SUITE), len(CONFTEST)) == (2, 1, 1)
    assert len(BLOCKS) == 4


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script(script: str) -> None:
    exec(compile(script, "README.md", "exec"), {})


def test_the_suite(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST[0])
    pytester.makepyfile(SUITE[0])
    pytester.runpytest_subprocess("--strict-markers").assert_outcomes(passed=1)
