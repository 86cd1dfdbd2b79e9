"""Options, keys, reloads, origins, other clients."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import frontgate as kit
import httpx
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from frontgate import ControlError, Edge, Request, StartError, UsageError
from signing import END, signer_of

Sign = Callable[..., str]


def test_three_lines() -> None:
    with kit.start() as edge:
        edge.assert_allowed(signer_of(edge)("/film.mp4"))
        assert edge.get("/public/a").json()["target"] == "/public/a"


def test_the_key_is_given_in_every_form(frontgate: Edge) -> None:
    assert Path(frontgate.private_key_file).read_text() == frontgate.private_key_pem
    assert Path(frontgate.public_key_file).read_text() == frontgate.public_key_pem
    assert Path(frontgate.private_key_file).stat().st_mode & 0o077 == 0
    assert frontgate.env == {
        "FRONTGATE_URL": frontgate.url,
        "FRONTGATE_KEY_PAIR_ID": frontgate.key_pair_id,
        "FRONTGATE_PRIVATE_KEY_FILE": frontgate.private_key_file,
        "FRONTGATE_PUBLIC_KEY_FILE": frontgate.public_key_file,
    }
    assert "PRIVATE KEY" not in repr(frontgate) + repr(frontgate.key_pair) + repr(frontgate.at(1))


def test_the_origin_is_asked_for_what_was_allowed(frontgate: Edge, sign: Sign) -> None:
    frontgate.get(sign("/a?b=c"), headers={"X-Test": "1"})
    frontgate.get("/refused")
    (seen,) = frontgate.requests
    assert (seen.number, seen.method, seen.target, seen.path, seen.query) == (1, "GET", "/a?b=c", "/a", "b=c")
    assert seen.header("X-Test") == "1"
    assert seen.header("X-Frontgate-Now") is None
    frontgate.get("/public/b")
    assert [one.target for one in frontgate.requests_since(1)] == ["/public/b"]


def test_keys_are_rotated_and_revoked(frontgate: Edge, sign: Sign) -> None:
    old_link, old_id, old_env = sign("/a"), frontgate.key_pair_id, frontgate.env
    fresh = frontgate.rotate_key()
    assert fresh == frontgate.key_pair and fresh.key_pair_id not in (old_id, "")
    assert frontgate.env["FRONTGATE_KEY_PAIR_ID"] == fresh.key_pair_id
    assert frontgate.env.keys() == old_env.keys()
    frontgate.assert_allowed(old_link)
    frontgate.assert_allowed(signer_of(frontgate)("/a"))
    frontgate.revoke_key(old_id)
    frontgate.assert_denied(old_link, "unknown-key")
    frontgate.assert_allowed(signer_of(frontgate)("/a"))
    with pytest.raises(ControlError, match="KNONE"):
        frontgate.revoke_key("KNONE")


@pytest.mark.frontgate(key_type="ecdsa", key_pair_id="KOFTHETEST")
def test_the_key_can_be_chosen(frontgate: Edge, tmp_path: Path) -> None:
    assert frontgate.key_pair_id == "KOFTHETEST"
    key = load_pem_private_key(frontgate.private_key_pem.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    other = tmp_path / "other.pem"
    other.write_text(kit_key := frontgate.private_key_pem)
    with kit.start(private_key=other, key_pair_id="KGIVEN") as edge:
        assert (edge.key_pair_id, edge.public_key_pem) == ("KGIVEN", frontgate.public_key_pem)
    with pytest.raises(UsageError, match="this is the key itself") as raised:
        kit.start(private_key=kit_key)
    assert "BEGIN" not in str(raised.value)


def test_a_reload_changes_what_is_given(frontgate: Edge, sign: Sign) -> None:
    link = sign("https://media.example.com/a")
    with pytest.raises(UsageError, match="base_urls lists"):
        frontgate.assert_allowed(link)
    frontgate.reload(base_urls="https://media.example.com", public=["/open/*"])
    frontgate.assert_allowed(link)
    frontgate.assert_allowed("/open/a")
    frontgate.assert_denied("/public/a")
    frontgate.reload(origin=lambda request: "another")
    assert frontgate.get(link).text == "another"


def test_a_broken_reload_changes_nothing(frontgate: Edge, tmp_path: Path, sign: Sign) -> None:
    broken = tmp_path / "config.toml"
    broken.write_text("[serverr]\n")
    with pytest.raises(ControlError, match="serverr"):
        frontgate.reload(config=broken)
    frontgate.assert_allowed(sign("/a"))


def test_a_configuration_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        """
        [[public-keys]]
        id = "KOFPRODUCTION"
        pem = '''-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt
6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==
-----END PUBLIC KEY-----
'''
        [[key-groups]]
        id = "members"
        public-keys = ["KOFPRODUCTION"]
        [[distributions]]
        id = "media"
        domain-name = "media.example.com"
        origins = [{ id = "app", url = "http://127.0.0.1:9" }]
        default-cache-behavior = { target-origin = "app" }
        cache-behaviors = [{ path-pattern = "/members/*", target-origin = "app", trusted-key-groups = ["members"] }]
        """
    )
    with kit.start(origin=lambda request: "hello", config=tmp_path / "config.toml") as edge:
        edge.assert_private("/members/*")
        assert edge.get("/index.html").text == "hello"
        edge.assert_denied("/members/a", "missing-key-pair-id")
        edge.assert_allowed(signer_of(edge)("/members/a"))


def test_a_directory_is_an_origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "film.txt").write_text("A film.")
    monkeypatch.chdir(tmp_path)
    for origin in (tmp_path, "."):
        with kit.start(origin=origin) as edge:
            assert edge.get(signer_of(edge)("/film.txt")).text == "A film."


def test_requests_and_httpx_are_viewers(frontgate: Edge, sign: Sign) -> None:
    link = sign("/film.mp4", ip="203.0.113.9")
    good, late = frontgate.from_ip("203.0.113.9"), frontgate.from_ip("203.0.113.9").at(END)
    assert requests.get(link, headers=good.headers, timeout=30).status_code == 200
    answer = requests.get(link, headers=late.headers, timeout=30)
    assert (answer.status_code, answer.headers["X-Frontgate-Reason"]) == (403, "expired")
    with httpx.Client(headers=good.headers) as client:
        assert client.get(link).status_code == 200
    assert httpx.get(link, headers=late.headers).headers["X-Frontgate-Reason"] == "expired"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"origin": "http://127.0.0.1:9"}, "127.0.0.1:9"),
        ({"origin": "/no/such/directory"}, "/no/such/directory"),
        ({"config": "/no/such/config.toml"}, "/no/such/config.toml"),
        ({"private_key": "/no/such/key.pem"}, "/no/such/key.pem"),
        ({"key_type": "dsa"}, "invalid value 'dsa' for '--key-type <TYPE>'\n  [possible values: rsa, ecdsa]"),
        ({"listen": "nonsense"}, "invalid value 'nonsense' for '--listen <ADDR>'"),
        ({"listen": "0.0.0.0:0"}, "0.0.0.0:0 is not a loopback address"),
        ({"base_urls": "media.example.com"}, "media.example.com"),
        ({"public": "/a\0b"}, "NUL"),
    ],
)
def test_bad_options_are_one_error_that_names_them(options: dict[str, Any], says: str) -> None:
    with pytest.raises(StartError) as raised:
        kit.start(**options)
    assert says in str(raised.value)
    assert "is it the program of this package" not in str(raised.value)


def test_an_unreadable_key_is_named_but_not_shown(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text("-----BEGIN PRIVATE KEY-----\nc2VjcmV0c2VjcmV0\n-----END PRIVATE KEY-----\n")
    with pytest.raises(StartError, match=r"key\.pem") as raised:
        kit.start(private_key=key)
    assert "c2Vjcm" not in str(raised.value)


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "127.0.0.1:{}".format(taken.getsockname()[1])
        with pytest.raises(StartError, match=address):
            kit.start(listen=address)


def test_options_of_a_wrong_kind() -> None:
    with pytest.raises(UsageError, match="an origin is a URL, a directory, a function or a WSGI application; this is int"):
        kit.start(origin=8080)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="public is for an edge without config"):
        kit.start(config="config.toml", public="/a")
    with pytest.raises(UsageError, match="public is a str or several of them; one is 1"):
        kit.start(public=[1])  # type: ignore[list-item]


def test_a_child_program_takes_the_environment(frontgate: Edge) -> None:
    code = "import os, urllib.request as r; print(r.urlopen(os.environ['FRONTGATE_URL'] + '/public/a').status)"
    done = subprocess.run([sys.executable, "-c", code], env=frontgate.env, capture_output=True, text=True, timeout=60)
    assert done.stdout == "200\n", done.stderr


@pytest.mark.frontgate(origin=lambda request: Request.__name__)
def test_a_marker_takes_a_function(frontgate: Edge) -> None:
    assert frontgate.get("/public/a").text == "Request"


def test_after_its_end_an_edge_says_so() -> None:
    edge = kit.start()
    edge.stop()
    edge.stop()
    with pytest.raises(ControlError, match="`requests` was called after the edge was stopped"):
        edge.requests
    with pytest.raises(kit.FrontgateError, match=r"didn't respond: .*; was it stopped\?"):
        edge.get("/a")
