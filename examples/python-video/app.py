"""A small video site with signed links, and signed cookies for streams. Run it with `flask run`."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from typing import Callable

from flask import Flask, Response, jsonify, request

from signing import Settings, Signer

WATCHING = timedelta(hours=2)
STREAMING = timedelta(hours=12)
PREMIERES = {"premiere.mp4": datetime(2030, 6, 1, 20, tzinfo=timezone.utc)}


def create_app(settings: Settings, now: Callable[[], datetime] = lambda: datetime.now(timezone.utc)) -> Flask:
    """Returns the application. `now` is the clock for the ends of links."""
    app = Flask(__name__)
    signer = Signer(settings)

    @app.get("/films/<path:name>")
    def watch(name: str) -> Response:
        """Returns a link to watch a film. Before its premiere, the link is valid from then on."""
        start = PREMIERES.get(name)
        end = max(now(), start or now()) + WATCHING
        return jsonify(url=signer.link(f"films/{name}", end, start))

    @app.get("/downloads/<path:name>")
    def download(name: str) -> Response:
        """Returns a link to download a film from the client's address only."""
        return jsonify(url=signer.link(f"films/{name}", now() + WATCHING, address=request.remote_addr))

    @app.post("/stream/<name>")
    def stream(name: str) -> Response:
        """Sets cookies for a stream: its playlist and all its segments."""
        response = jsonify(playlist=signer.url(f"hls/{name}/playlist.m3u8"))
        for cookie, value in signer.cookies(f"hls/{name}", now() + STREAMING).items():
            response.set_cookie(
                cookie, value, path="/", domain=os.environ.get("COOKIE_DOMAIN"), secure=True, httponly=True, samesite="None"
            )
        return response

    return app


if "CLOUDFRONT_BASE_URL" in os.environ:
    app = create_app(Settings.from_environment(os.environ))
