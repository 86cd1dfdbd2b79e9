"""Every link that the application gives out is opened at the edge."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from subprocess import run
from typing import Callable, Optional

import pytest
from app import PREMIERES, STREAMING, WATCHING, create_app
from conftest import NOW, SITE
from flask.testing import FlaskClient
from frontgate import Edge, Viewer
from signing import Settings


def link(client: FlaskClient, path: str, address: str = "127.0.0.1") -> str:
    answer = client.get(path, environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == 200
    return str(answer.get_json()["url"])


def stream(client: FlaskClient, edge: Edge, name: str) -> Viewer:
    """The browser's session after it asked for a stream."""
    assert client.post(f"/stream/{name}").status_code == 200
    names = ("CloudFront-Policy", "CloudFront-Signature", "CloudFront-Key-Pair-Id")
    cookies = {name: client.get_cookie(name) for name in names}
    return edge.with_cookies({name: cookie.value for name, cookie in cookies.items() if cookie}).at(NOW)


def same(url: str) -> str:
    return url


def replacing(old: str, new: str) -> Callable[[str], str]:
    def replace(url: str) -> str:
        assert old in url
        return url.replace(old, new, 1)

    return replace


LINKS = [
    ("as it is", same, None),
    ("another film", replacing("film.mp4", "other.mp4"), "signature-mismatch"),
    ("another folder", replacing("/films/", "/hls/"), "signature-mismatch"),
    ("a later end", replacing("Expires=18935064", "Expires=19935064"), "signature-mismatch"),
    ("a parameter more", lambda url: url + "&utm_source=mail", "signature-mismatch"),
    ("another key", replacing("Key-Pair-Id=K", "Key-Pair-Id=X"), "unknown-key"),
    ("no signature", lambda url: url.partition("?")[0], "missing-key-pair-id"),
    ("a signature cut short", lambda url: url.replace("~", "-").replace("Signature=", "Signature=AAAA", 1), "signature-mismatch"),
]


@pytest.mark.parametrize(("change", "reason"), [case[1:] for case in LINKS], ids=[case[0] for case in LINKS])
def test_a_link_opens_what_it_was_made_for(
    client: FlaskClient, frontgate: Edge, change: Callable[[str], str], reason: Optional[str]
) -> None:
    viewer, url = frontgate.at(NOW), change(link(client, "/films/film.mp4"))
    if reason is None:
        viewer.assert_allowed(url)
    else:
        viewer.assert_denied(url, reason)


@pytest.mark.parametrize("name", ["film.mp4", "Der Film.mp4", "été+100%.mp4", "a/b/c.mp4"])
def test_every_name_can_be_watched(client: FlaskClient, frontgate: Edge, name: str) -> None:
    from urllib.parse import quote

    frontgate.assert_valid_between(link(client, f"/films/{quote(name)}"), None, NOW + WATCHING)


def test_a_premiere_opens_at_its_second(client: FlaskClient, frontgate: Edge) -> None:
    premiere = PREMIERES["premiere.mp4"]
    url = link(client, "/films/premiere.mp4")
    frontgate.at(NOW).assert_denied(url, "not-yet-valid")
    frontgate.assert_valid_between(url, premiere, premiere + WATCHING)


def test_a_download_is_for_one_address(client: FlaskClient, frontgate: Edge) -> None:
    url = link(client, "/downloads/film.mp4", "203.0.113.9")
    frontgate.at(NOW).from_ip("203.0.113.9").assert_allowed(url)
    frontgate.at(NOW).from_ip("203.0.113.10").assert_denied(url, "ip-mismatch")
    frontgate.from_ip("203.0.113.9").assert_valid_between(url, None, NOW + WATCHING)


def test_cookies_open_one_stream_for_a_session(client: FlaskClient, frontgate: Edge) -> None:
    session = stream(client, frontgate, "film")
    for path in ("playlist.m3u8", "720p/segment0001.ts"):
        session.assert_allowed(f"{SITE}/hls/film/{path}")
        session.assert_valid_between(f"{SITE}/hls/film/{path}", None, NOW + STREAMING)
    session.assert_denied(f"{SITE}/hls/other/playlist.m3u8", "resource-mismatch")
    session.assert_denied(f"{SITE}/films/film.mp4", "resource-mismatch")
    frontgate.at(NOW).assert_denied(f"{SITE}/hls/film/playlist.m3u8", "missing-key-pair-id")


@pytest.mark.frontgate(scope="function")
def test_a_key_is_rotated(client: FlaskClient, frontgate: Edge) -> None:
    old_id, old_link = frontgate.key_pair_id, link(client, "/films/film.mp4")
    frontgate.rotate_key()
    renewed = create_app(Settings(SITE, frontgate.key_pair_id, frontgate.private_key_file), lambda: NOW).test_client()
    new_link = link(renewed, "/films/film.mp4")
    for url in (old_link, new_link):
        frontgate.at(NOW).assert_allowed(url)
    frontgate.revoke_key(old_id)
    frontgate.at(NOW).assert_denied(old_link, "unknown-key")
    frontgate.at(NOW).assert_allowed(new_link)


def test_films_and_streams_are_private(frontgate: Edge) -> None:
    frontgate.assert_private("/films/*")
    frontgate.assert_private("/hls/*")


def test_the_environment_configures_it(frontgate: Edge) -> None:
    code = "import app; print(app.app.test_client().get('/films/film.mp4').get_json()['url'])"
    environment = {
        "CLOUDFRONT_BASE_URL": frontgate.url + "/",
        "CLOUDFRONT_KEY_PAIR_ID": frontgate.key_pair_id,
        "CLOUDFRONT_PRIVATE_KEY_FILE": frontgate.private_key_file,
    }
    folder = Path(__file__).parent.parent
    done = run([sys.executable, "-c", code], env=environment, cwd=folder, capture_output=True, text=True, timeout=60)
    url = done.stdout.strip()
    assert url.startswith(frontgate.url + "/films/film.mp4?"), done.stderr
    frontgate.assert_allowed(url)
    frontgate.at(WATCHING + timedelta(seconds=60)).assert_denied(url, "expired")
