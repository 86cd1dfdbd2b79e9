"""What a test says when the application signs wrongly, in ways that people really do.

Each message is recorded in `failures`; FRONTGATE_BLESS=1 writes them anew.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Callable
from urllib.parse import quote

import pytest
from app import WATCHING
from conftest import NOW, SITE
from frontgate import Edge
from signing import Settings, Signer

END = NOW + WATCHING
RECORDED = Path(__file__).parent / "failures"


def scheme(settings: Settings) -> str:
    """Behind a balancer that speaks TLS, the application takes itself to be on http."""
    link = Signer(replace(settings, base_url=SITE.replace("https:", "http:"))).link("films/film.mp4", END)
    return link.replace("http:", "https:", 1)


def path_encoding(settings: Settings) -> str:
    """The path is signed plainly, and encoded by the template that shows the link."""
    url = f"{SITE}/films/Der Film.mp4"
    link = str(Signer(settings).cloudfront.generate_presigned_url(url, date_less_than=END))
    return link.replace(url, f"{SITE}/films/{quote('Der Film.mp4')}")


def milliseconds(settings: Settings) -> str:
    """The end comes from a browser's Date.now()."""
    signer, end = Signer(settings), int(END.timestamp())
    policy = signer.cloudfront.build_policy(signer.url("films/film.mp4"), END).replace(str(end), str(end * 1000))
    return str(signer.cloudfront.generate_presigned_url(signer.url("films/film.mp4"), policy=policy))


def query_added(settings: Settings) -> str:
    """The player adds a parameter to what was signed."""
    return Signer(settings).link("films/film.mp4", END) + "&quality=720p"


def other_key(settings: Settings) -> str:
    """A deployment has the new id with the old key."""
    from frontgate import start

    with start() as other:
        return Signer(replace(settings, private_key_file=other.private_key_file)).link("films/film.mp4", END)


MISTAKES = {
    "scheme": scheme,
    "path-encoding": path_encoding,
    "milliseconds": milliseconds,
    "query-added": query_added,
    "other-key": other_key,
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_fails_and_the_message_names_it(frontgate: Edge, settings: Settings, name: str) -> None:
    mistake: Callable[[Settings], str] = MISTAKES[name]
    with pytest.raises(AssertionError) as raised:
        frontgate.at(NOW).assert_allowed(mistake(settings))
    message = without_what_varies(str(raised.value), frontgate)
    file = RECORDED / f"{name}.txt"
    if os.environ.get("FRONTGATE_BLESS") == "1":
        file.write_text(message + "\n", encoding="utf-8")
    assert message + "\n" == file.read_text(encoding="utf-8")


def without_what_varies(message: str, edge: Edge) -> str:
    """The message with placeholders for the port, the key and signatures."""
    message = message.replace(":" + edge.url.rpartition(":")[2], ":PORT").replace(edge.key_pair_id, "KEY")
    return re.sub(r"(Signature|Policy)=[^&\s]+", r"\1=…", message)
