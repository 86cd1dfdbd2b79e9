"""The fixture `frontgate`, and the marker that configures it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ._edge import Edge

_SCOPES = ("function", "class", "module", "session")
_Edges = list[tuple[dict[str, Any], "Edge"]]
_edges = pytest.StashKey[_Edges]()


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker."""
    config.addinivalue_line(
        "markers",
        'frontgate(scope="function"|"class"|"module"|"session", origin=…, config=…, …): how the fixture `frontgate` is '
        "started: the options of frontgate.start(), and how long it is shared",
    )


@pytest.fixture(scope="session")
def frontgate_options() -> dict[str, Any]:
    """The default options of every test's edge; the marker overrides them. Override this fixture in conftest.py."""
    return {}


@pytest.fixture
def frontgate(request: pytest.FixtureRequest, frontgate_options: dict[str, Any]) -> Edge:
    """A running edge. `@pytest.mark.frontgate(…)` on the test, its class or its module sets its options."""
    options = dict(frontgate_options)
    for marker in reversed(list(request.node.iter_markers("frontgate"))):
        if marker.args:
            raise pytest.UsageError("the marker frontgate takes named options only, such as origin=…")
        options.update(marker.kwargs)
    return _edge_for(_scope_node(request, options.pop("scope", "function")), options)


def _scope_node(request: pytest.FixtureRequest, scope: str) -> pytest.Item | pytest.Collector:
    node: pytest.Item | pytest.Collector = request.node
    if scope not in _SCOPES:
        raise pytest.UsageError(f"the marker frontgate has scope={scope!r}; expected one of {', '.join(_SCOPES)}")
    if scope == "session":
        return request.session
    # A test outside a class has its own scope, as with pytest's fixtures.
    if scope == "class":
        return node.getparent(pytest.Class) or node
    return node.getparent(pytest.Module) or node if scope == "module" else node


def _edge_for(node: pytest.Item | pytest.Collector, options: dict[str, Any]) -> Edge:
    """Returns the edge of this node with these options; it stops with the node."""
    from ._edge import start

    edges = node.stash.setdefault(_edges, [])
    for known, edge in edges:
        if known == options:
            return edge
    _refuse_unknown(options)
    edge = start(**options)
    edges.append((options, edge))
    node.addfinalizer(lambda: _end(edges, options, edge))
    return edge


def _end(edges: _Edges, options: dict[str, Any], edge: Edge) -> None:
    edges.remove((options, edge))
    edge.stop()


def _refuse_unknown(options: dict[str, Any]) -> None:
    from difflib import get_close_matches
    from inspect import signature

    from ._edge import start

    known = ["scope", *signature(start).parameters]
    for name in options:
        if name not in known:
            nearest = get_close_matches(name, known, 1, 0.0)[0]
            raise pytest.UsageError(
                f"the marker frontgate has no option {name!r}; did you mean {nearest!r}? There are: {', '.join(known)}"
            )
