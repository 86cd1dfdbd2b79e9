"""What an assertion must not take for the edge's word about what was signed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import frontgate as kit
import pytest
from frontgate import Edge, UsageError



def test_an_origin_does_not_speak_for_the_edge() -> None:
    with kit.start(origin=lambda request: (200, {"X-Frontgate-Reason": "expired"}, b"secret")) as edge:
        edge.assert_allowed("/public/a")
        with pytest.raises(AssertionError, match="but it was allowed"):
            edge.assert_denied("/public/a", "expired")


def test_an_origin_that_answers_as_the_edge_would_is_no_usage_error() -> None:
    with kit.start(origin=lambda request: (400, {}, b"X-Frontgate-Now: no")) as edge:
        assert edge.at(1).get("/public/a").status == 400


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:43079film.mp4", "http://[::1", "http://h:port/x", "https://elsewhere.example.com/a", "http://h:123456/"],
)
def test_a_url_that_is_not_for_the_edge_is_an_error(frontgate: Edge, url: str) -> None:
    with pytest.raises(UsageError, match="not a host with an optional port|base_urls lists"):
        frontgate.assert_denied(url)


def test_only_what_was_signed_counts_where_no_reason_is_named(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        """
        [[distributions]]
        id = "E"
        domain-name = "d1.cloudfront.net"
        [[distributions.origins]]
        id = "o"
        url = "echo:"
        [distributions.default-cache-behavior]
        target-origin = "o"
        viewer-protocol-policy = "https-only"
        """.replace('"echo:"', '"demo:"')
    )
    with kit.start(origin="echo:", config=config) as edge:
        edge.assert_allowed("https://d1.cloudfront.net/a")
        edge.assert_denied("http://d1.cloudfront.net/a", "https-required")
        with pytest.raises(AssertionError, match="name the reason if it was meant.*https-required"):
            edge.assert_denied("http://d1.cloudfront.net/a")
        edge.get("/", headers={"x-frontgate-viewer-proto": "https"})


def test_what_a_request_names_itself_counts_once(frontgate: Edge) -> None:
    answer = frontgate.at(1).get("/public/a", headers={"x-frontgate-now": "2000000000"})
    assert answer.allowed and answer.status == 200


def test_a_killed_edge_leaves_no_key() -> None:
    edge = kit.start(key_type="ecdsa")
    folder = Path(edge.private_key_file).parent
    os.kill(edge.pid, signal.SIGKILL)
    edge.stop()
    assert not folder.exists()


@pytest.mark.parametrize(
    "options, says",
    [
        ({"origin": ""}, "an empty str"),
        ({"binary": ""}, "this is empty"),
        ({"origin": "localhost:3000"}, "did you mean http://localhost:3000"),
    ],
)
def test_what_is_empty_or_half_a_url_is_told(options: dict[str, str], says: str) -> None:
    with pytest.raises(kit.FrontgateError, match=says):
        kit.start(**options)  # type: ignore[arg-type]
