"""Origins in the test: functions and WSGI applications."""

from __future__ import annotations

from typing import Any, Callable

import frontgate as kit
import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path
from flask import Flask, request
from frontgate import Request, UsageError
from signing import signer_of


def echo(asked: Request) -> tuple[int, dict[str, str], bytes]:
    return 201, {"X-Target": asked.target, "X-Method": asked.method}, asked.body


def test_a_function_gets_the_request_as_it_was_sent() -> None:
    with kit.start(origin=echo, public="/*") as edge:
        answer = edge.get("//a/../b?c=%2F")
        assert (answer.status, answer.headers["x-target"], answer.body) == (201, "//a/../b?c=%2F", b"")
        head = edge.head("/a")
        assert (head.status, head.headers["x-method"], head.body) == (201, "HEAD", b"")
        assert [one.target for one in edge.requests] == ["//a/../b?c=%2F", "/a"]


@pytest.mark.parametrize(("given", "body"), [("é", "é".encode()), (b"\0\xff", b"\0\xff"), ((200, [("X-A", "b")], "c"), b"c")])
def test_what_a_function_may_return(given: Any, body: bytes) -> None:
    with kit.start(origin=lambda asked: given) as edge:
        assert edge.get("/public/a").body == body


@pytest.mark.parametrize(
    ("handler", "says"),
    [
        (lambda asked: 1 // 0, "the origin's handler raised ZeroDivisionError"),
        (lambda asked: None, "an origin's handler returns str, bytes or (status, headers, body), not NoneType"),
    ],
)
def test_a_function_that_fails_is_a_500(
    handler: Callable[[Request], Any], says: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with kit.start(origin=handler) as edge:
        answer = edge.get("/public/a")
    assert answer.status == 500
    assert says in answer.text
    assert "Traceback" in capfd.readouterr().err


def flask_application() -> Flask:
    app = Flask(__name__)

    @app.route("/public/<path:name>", methods=["GET", "POST"])
    def show(name: str) -> tuple[str, int, list[tuple[str, str]]]:
        text = f"{request.method} {name} {request.args.get('q')} {request.get_data(as_text=True)} {request.headers['X-Test']}"
        return text, 202, [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]

    return app


def test_flask_is_an_origin() -> None:
    with kit.start(origin=flask_application()) as edge:
        answer = edge.request("GET", "/public/%C3%A9?q=1", headers={"X-Test": "t"})
        assert (answer.status, answer.text) == (202, "GET é 1  t")
        assert [value for name, value in answer.all_headers if name == "set-cookie"] == ["a=1", "b=2"]
        assert edge.head("/public/a", headers={"X-Test": "t"}).body == b""
        assert edge.assert_allowed(signer_of(edge)("/none")).status == 404


def hello(asked: HttpRequest) -> HttpResponse:
    return HttpResponse(f"hello from {asked.path}")


urlpatterns = [path("public/hello", hello)]


def test_django_is_an_origin() -> None:
    settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="of the test")
    import django

    django.setup()
    with kit.start(origin=WSGIHandler()) as edge:
        assert edge.get("/public/hello").text == "hello from /public/hello"


def test_an_asgi_application_is_refused() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        """Never called."""

    with pytest.raises(UsageError, match="takes 3 arguments.*run an ASGI application with its own server, and give its URL"):
        kit.start(origin=application)
