"""What passes, what fails, and what a failure says."""

from __future__ import annotations

from typing import Any, Callable

import frontgate as kit
import pytest
from frontgate import REASONS, Edge, OriginError, UsageError
from signing import END, START, in_milliseconds, signed_cookies, signer_of

pytestmark = pytest.mark.frontgate(scope="module", base_urls="https://media.example.com")
Sign = Callable[..., str]


def failure(check: Callable[[], Any]) -> list[str]:
    with pytest.raises(AssertionError) as raised:
        check()
    return str(raised.value).splitlines()


def test_a_signed_link_opens_and_a_tampered_one_does_not(frontgate: Edge, sign: Sign) -> None:
    link = sign("/film.mp4?size=large")
    assert frontgate.assert_allowed(link).status == 200
    assert frontgate.assert_denied(link + "&x=1").reason == "signature-mismatch"
    frontgate.assert_denied(link + "&x=1", "signature-mismatch")
    frontgate.assert_denied("/film.mp4", "missing-key-pair-id")
    frontgate.assert_allowed(link, method="HEAD")


def test_the_bytes_of_a_link_are_sent_as_they_are(frontgate: Edge, sign: Sign) -> None:
    path = "/a//b/../%7Euser/%c3%a9/[1]?q=a+b%20c&q=%2F"
    frontgate.assert_allowed(sign(path))
    assert frontgate.requests[-1].target == path


def test_a_link_for_a_base_url_opens_at_the_edge(frontgate: Edge, sign: Sign) -> None:
    link = sign("https://media.example.com/film.mp4")
    frontgate.assert_allowed(link)
    frontgate.at(END).assert_denied(link, "expired")


def test_an_end_in_milliseconds_is_not_what_was_meant(frontgate: Edge, sign: Sign) -> None:
    link = in_milliseconds(frontgate, "/film.mp4")
    assert frontgate.get(link).warnings == ["milliseconds"]
    lines = failure(lambda: frontgate.assert_allowed(link))
    assert lines[0].startswith("expected http") and " to be allowed as it was meant, but Expires is " in lines[0]
    assert "CloudFront allows it until the year " in lines[0] and "allow_warnings=True" in lines[0]
    assert any(line.startswith("  warning: milliseconds: ") for line in lines)
    assert frontgate.assert_allowed(link, allow_warnings=True).status == 200
    frontgate.assert_denied(link + "&x=1", "signature-mismatch")
    failure(lambda: frontgate.assert_valid_between(link, None, END))
    # Without a warning there is nothing to allow.
    good = sign("/film.mp4")
    assert frontgate.assert_allowed(good, allow_warnings=True).warnings == []


def test_standard_base64_is_warned_of_and_passes(frontgate: Edge, sign: Sign) -> None:
    head, signature = sign("/film.mp4").split("&Signature=")
    signature, tail = signature.split("&", 1)
    standard = signature.translate(str.maketrans("-_~", "+=/"))
    assert frontgate.assert_allowed(f"{head}&Signature={standard}&{tail}").warnings == ["plain-base64"]


def test_the_end_is_exact(frontgate: Edge, sign: Sign) -> None:
    link = sign("/film.mp4")
    frontgate.at(int(END.timestamp()) - 1).assert_allowed(link)
    frontgate.at(END).assert_denied(link, "expired")
    frontgate.assert_valid_between(link, None, END)


def test_the_start_is_exact_and_outside(frontgate: Edge, sign: Sign) -> None:
    link = sign("/film.mp4", start=START)
    frontgate.at(START).assert_denied(link, "not-yet-valid")
    frontgate.at(int(START.timestamp()) + 1).assert_allowed(link)
    frontgate.assert_valid_between(link, START, END)
    frontgate.assert_valid_between(link, "2030-01-01T00:00:00Z", END.timestamp())


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        (START, 1988150401, "to be open a second before its end, 2033-01-01T00:00:01Z, but it was denied as expired (403)"),
        (START, 1988150399, "to be closed at its end, 2032-12-31T23:59:59Z, as expired, but it was allowed (status 200)"),
        (1893456001, END, "to be closed at its start, 2030-01-01T00:00:01Z, as not-yet-valid, but it was allowed (status 200)"),
        (1893455999, END, "to be open a second after its start, 2029-12-31T23:59:59Z, but it was denied as not-yet-valid (403)"),
        (None, END, "to be open at 1970-01-01T00:00:01Z, having no not-before, but it was denied as not-yet-valid (403)"),
    ],
)
def test_a_second_off_fails(frontgate: Edge, sign: Sign, start: Any, end: Any, says: str) -> None:
    link = sign("/film.mp4", start=START)
    lines = failure(lambda: frontgate.assert_valid_between(link, start, end))
    assert lines[0].endswith(says)
    assert any(line.startswith("  judged at ") for line in lines)


def test_an_interval_without_a_second_is_refused(frontgate: Edge) -> None:
    with pytest.raises(UsageError, match="no whole second lies between 5 and 6"):
        frontgate.assert_valid_between("/a", 5, 6)


def test_addresses(frontgate: Edge, sign: Sign) -> None:
    link = sign("/film.mp4", ip="203.0.113.0/24")
    frontgate.from_ip("203.0.113.9").assert_allowed(link)
    frontgate.from_ip("203.0.114.9").assert_denied(link, "ip-mismatch")
    frontgate.assert_denied(link, "ip-mismatch")
    frontgate.from_ip("203.0.113.9").at(END).assert_denied(link, "expired")


def test_cookies_of_a_session(frontgate: Edge) -> None:
    viewer = frontgate.with_cookies(signed_cookies(frontgate, frontgate.url + "/hls/*"))
    viewer.at("2031-01-01T00:00:00Z").assert_allowed("/hls/720p/segment1.ts")
    viewer.at("2031-01-01T00:00:00Z").assert_denied("/other.ts", "resource-mismatch")
    viewer.assert_valid_between("/hls/playlist.m3u8", START, END)
    frontgate.assert_denied("/hls/playlist.m3u8", "missing-key-pair-id")


def test_a_failure_says_what_explain_says(frontgate: Edge, sign: Sign) -> None:
    link = sign("/film.mp4")
    lines = failure(lambda: frontgate.assert_allowed(link + "&utm_source=mail"))
    assert lines[0].startswith(f"expected {frontgate.url}/film.mp4?Expires=1988150400&Signature=")
    assert lines[0].endswith("&utm_source=mail to be allowed, but it was denied as signature-mismatch (403)")
    assert "  cause: query-added (proven)" in lines
    signature = link.partition("Signature=")[2].partition("&")[0]
    assert signature not in "\n".join(lines)


def test_an_explanation_is_for_the_viewer(frontgate: Edge, sign: Sign) -> None:
    link = sign("/film.mp4")
    assert frontgate.explain(link).allowed
    late = frontgate.at(END).from_ip("203.0.113.9").explain(link)
    assert (late.allowed, late.reason, late.cause) == (False, "expired", "expired")
    assert late.report["at"] == "2033-01-01T00:00:00Z"
    assert late.report["viewer-ip"] == "203.0.113.9"
    cookies = signed_cookies(frontgate, frontgate.url + "/hls/*")
    assert frontgate.with_cookies(cookies).at(END).explain("/hls/a").reason == "expired"


def test_denied_for_another_reason_fails(frontgate: Edge, sign: Sign) -> None:
    link = sign("/film.mp4")
    lines = failure(lambda: frontgate.at(END).assert_denied(link, "signature-mismatch"))
    assert lines[0].endswith("to be denied as signature-mismatch, but it was denied as expired (403)")


def test_allowed_where_it_should_be_denied_fails(frontgate: Edge, sign: Sign) -> None:
    lines = failure(lambda: frontgate.assert_denied(sign("/film.mp4")))
    assert lines[0].endswith("to be denied, but it was allowed (status 200)")
    assert lines[1] == "  allowed"


def test_an_unknown_reason_names_the_nearest(frontgate: Edge) -> None:
    with pytest.raises(UsageError, match=r"'not-yet-vaild' is not a known reason; did you mean 'not-yet-valid'\?"):
        frontgate.assert_denied("/a", "not-yet-vaild")
    assert "expired" in REASONS


def test_what_is_private(frontgate: Edge) -> None:
    frontgate.assert_private("/members/*")
    frontgate.assert_private("/members/?.mp4")
    lines = failure(lambda: frontgate.assert_private("/*"))
    assert lines[0].startswith("expected every path of /* to need a signature, but /public/")
    assert "belongs to the behavior /public/*" in lines[0]
    with pytest.raises(UsageError, match="'members' is not a path pattern"):
        frontgate.assert_private("members")


def test_an_origin_that_is_gone_is_no_matter_of_signatures() -> None:
    with kit.start(origin="http://127.0.0.1:9", check_origin=False) as edge:
        says = r"let http://.*Signature=.{6}…&.* through, but its origin gave no response \(status 502\)"
        with pytest.raises(OriginError, match=says):
            edge.assert_allowed(signer_of(edge)("/film.mp4"))
        edge.assert_denied("/film.mp4", "missing-key-pair-id")


def test_the_status_of_the_origin_does_not_matter() -> None:
    with kit.start(origin=lambda request: (404, {}, "not here")) as edge:
        assert edge.assert_allowed(signer_of(edge)("/film.mp4")).status == 404
