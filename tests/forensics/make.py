"""Links and cookies gone wrong, each made by the tool that its case in cases.toml names: one JSON object a line."""

import base64
import hashlib
import html
import json
import posixpath
import secrets
import unicodedata
import urllib.parse
from datetime import datetime, timedelta, timezone

import rsa as python_rsa
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

import tools
from tools import (
    BASE,
    END,
    HOST,
    NOW,
    aws_cloudfront_sign,
    boto,
    canned,
    canned_cookies,
    canned_link,
    case,
    cf64,
    cookie_header,
    cookies,
    custom,
    custom_cookies,
    custom_link,
    date,
    key_id,
    openssl,
    openssl_sign,
    private_file,
    private_key,
    public_pem,
    raw_ecdsa,
    shell,
    sign_with,
    swap,
    until,
    with_query,
)

SHA256 = hashes.SHA256()
URL = f"{BASE}/a.mp4"

# --- valid links: nothing to name -----------------------------------------------------------------------------------


@case
def valid_botocore_canned():
    return boto().generate_presigned_url(f"{URL}?size=large&flag", date_less_than=date(END))


@case
def valid_cli_custom():
    return aws_cloudfront_sign(URL, "--date-greater-than", str(NOW - 60), "--ip-address", "203.0.113.0/24")


@case
def valid_policy_with_spaces():
    policy = '{"Statement": [{"Resource":"' + BASE + '/*","Condition":{"DateLessThan":{"AWS:EpochTime":%d}}}]}' % END
    return custom_link(URL, policy)


@case
def valid_policy_indented_crlf():
    policy = json.dumps(json.loads(custom(f"{BASE}/*")), indent=3).replace("\n", "\r\n") + "\r\n"
    return swap(custom_link(URL, policy), cf64(policy), cf64(policy).rstrip("_"))


@case
def valid_statement_object():
    statement = json.loads(custom(f"{BASE}/*"))["Statement"][0]
    return custom_link(URL, json.dumps({"Statement": statement}, separators=(",", ":")))


@case
def valid_ecdsa_sha256():
    return with_query(
        boto("ecdsa", SHA256).generate_presigned_url(URL, date_less_than=date(END)), "Hash-Algorithm=SHA256"
    )


@case
def valid_http_star_resource():
    return custom_cookies(URL, custom(f"http*://{HOST}/*"))


@case
def valid_sha1_announced():
    return with_query(boto().generate_presigned_url(URL, date_less_than=date(END)), "Hash-Algorithm=SHA1")


@case
def valid_canned_cookies():
    return canned_cookies(f"{URL}?b=2&a=1", canned(f"{URL}?b=2&a=1"))


@case
def valid_without_resource():
    return custom_link(URL, '{"Statement":[{"Condition":{"DateLessThan":{"AWS:EpochTime":%d}}}]}' % END)


@case
def valid_escaped_question_mark():
    return custom_link(f"{URL}?size=large", custom(f"{URL}\\?size=large"))


@case
def valid_public_path_shadows():
    return boto("rsa2").generate_presigned_url(f"{BASE}/public/a.mp4", date_less_than=date(NOW - 60))


# --- keys -----------------------------------------------------------------------------------------------------------


@case
def botocore_other_key():
    return boto(sign=sign_with("rsa2")).generate_presigned_url(URL, date_less_than=date(END))


@case
def cli_staging_key():
    return aws_cloudfront_sign(URL, key="rsa2", named=key_id("rsa"))


@case
def openssl_ecdsa_other_key():
    return canned_link(URL, canned(URL), key="ecdsa", sign=lambda message: openssl_sign(message, "ecdsa2"))


@case
def rsa_signature_under_ecdsa_id():
    return boto("ecdsa", sign=sign_with("rsa")).generate_presigned_url(URL, date_less_than=date(END))


@case
def key_id_of_another_account():
    return boto(named="K00000000000XX", sign=sign_with("rsa")).generate_presigned_url(URL, date_less_than=date(END))


@case
def key_of_another_behavior():
    return boto("rsa2").generate_presigned_url(URL, date_less_than=date(END))


@case
def botocore_unknown_key():
    return boto("rsa", sign=sign_with("rsa2")).generate_presigned_url(URL, date_less_than=date(END))


@case
def random_signature():
    return canned_link(URL, canned(URL), sign=lambda _: bytes([0x42]) + secrets.token_bytes(255))


@case
def ecdsa_signature_of_nobody():
    return canned_link(URL, canned(URL), key="ecdsa", sign=sign_with("ecdsa2"))


@case
def random_ecdsa_signature():
    def sign(_):
        return utils.encode_dss_signature(secrets.randbits(250) | 1, secrets.randbits(250) | 1)

    return canned_link(URL, canned(URL), key="ecdsa", sign=sign)


@case
def signature_of_something_else():
    return canned_link(URL, canned("https://nowhere.example.org/entirely/other.bin"))


@case
def openssl_4096_bits():
    return canned_link(URL, canned(URL), sign=lambda message: openssl_sign(message, "rsa4096"))


@case
def openssl_1024_bits():
    return canned_link(URL, canned(URL), sign=lambda message: openssl_sign(message, "rsa1024"))


GROUP = "3f7a2b1c-5d4e-4f60-9a8b-7c6d5e4f3a2b"


@case
def key_group_of_the_configuration():
    return boto(named=GROUP, sign=sign_with()).generate_presigned_url(URL, date_less_than=date(END))


@case
def key_group_by_its_form():
    return boto(named=GROUP, sign=sign_with()).generate_presigned_url(URL, date_less_than=date(END))


@case
def key_group_in_cookies():
    made = custom_cookies(URL, custom(f"{BASE}/*"))
    return {"url": URL, "cookies": [swap(made["cookies"][0], key_id("rsa"), GROUP)]}


@case
def pem_as_key_id():
    named = urllib.parse.quote(public_pem("rsa"), safe="")
    return boto(named=named, sign=sign_with()).generate_presigned_url(URL, date_less_than=date(END))


@case
def pem_in_one_line():
    named = urllib.parse.quote(public_pem("rsa").replace("\n", ""), safe="")
    return boto(named=named, sign=sign_with()).generate_presigned_url(URL, date_less_than=date(END))


@case
def access_key_as_key_id():
    return aws_cloudfront_sign(URL, named="AKIAIOSFODNN7EXAMPLE")


@case
def session_key_in_cookies():
    made = custom_cookies(URL, custom(f"{BASE}/*"))
    return {"url": URL, "cookies": [swap(made["cookies"][0], key_id("rsa"), "ASIAIOSFODNN7EXAMPLE")]}


# --- hashes and padding ---------------------------------------------------------------------------------------------


@case
def botocore_sha256():
    return boto("rsa", SHA256).generate_presigned_url(URL, date_less_than=date(END))


@case
def kms_sha256_cookies():
    def kms(message):
        """What KMS does with RSASSA_PKCS1_V1_5_SHA_256 and MessageType DIGEST."""
        digest = hashlib.sha256(message).digest()
        return private_key("rsa").sign(digest, padding.PKCS1v15(), utils.Prehashed(SHA256))

    return custom_cookies(URL, custom(f"{BASE}/*"), sign=kms)


@case
def kms_sha512():
    return boto("rsa", hashes.SHA512()).generate_presigned_url(URL, date_less_than=date(END))


@case
def openssl_sha224():
    return canned_link(URL, canned(URL), sign=lambda message: openssl_sign(message, "rsa", "-sha224"))


@case
def openssl_sha384():
    return canned_link(URL, canned(URL), sign=lambda message: openssl_sign(message, "rsa", "-sha384"))


@case
def python_rsa_md5():
    key = python_rsa.PrivateKey.load_pkcs1(open(tools.pkcs1_file("rsa"), "rb").read())
    return boto(sign=lambda message: python_rsa.sign(message, key, "MD5")).generate_presigned_url(
        URL, date_less_than=date(END)
    )


@case
def openssl_ecdsa_sha384():
    return canned_link(
        URL, canned(URL), key="ecdsa", sign=lambda message: openssl_sign(message, "ecdsa", "-sha384")
    )


@case
def openssl_ecdsa_announced():
    return canned_link(
        URL, canned(URL), key="ecdsa", sign=lambda m: openssl_sign(m, "ecdsa"), more=["Hash-Algorithm=SHA256"]
    )


@case
def hash_name_with_dash():
    return with_query(
        boto("rsa", SHA256).generate_presigned_url(URL, date_less_than=date(END)), "Hash-Algorithm=SHA-256"
    )


@case
def hash_name_of_jws():
    return with_query(
        boto("rsa", SHA256).generate_presigned_url(URL, date_less_than=date(END)), "Hash-Algorithm=RS256"
    )


@case
def openssl_pss():
    def sign(message):
        return openssl_sign(message, "rsa", "-sha256", "rsa_padding_mode:pss", "rsa_pss_saltlen:digest")

    return canned_link(URL, canned(URL), sign=sign, more=["Hash-Algorithm=SHA256"])


@case
def kms_pss_cookies():
    pss = padding.PSS(padding.MGF1(SHA256), padding.PSS.DIGEST_LENGTH)
    made = custom_cookies(URL, custom(f"{BASE}/*"), sign=sign_with("rsa", SHA256, pss))
    return {"url": URL, "cookies": [made["cookies"][0] + "; CloudFront-Hash-Algorithm=SHA256"]}


@case
def openssl_pkeyutl_digest():
    def sign(message):
        digest = openssl("dgst", "-sha1", "-binary", data=message)
        return openssl("pkeyutl", "-sign", "-inkey", private_file("rsa"), data=digest)

    return canned_link(URL, canned(URL), sign=sign)


@case
def pkcs11_ecdsa_raw():
    return canned_link(URL, canned(URL), key="ecdsa", sign=lambda m: raw_ecdsa(sign_with("ecdsa")(m)))


@case
def ecdsa_raw_cookies():
    return custom_cookies(
        URL, custom(f"{BASE}/*"), key="ecdsa", sign=lambda m: raw_ecdsa(sign_with("ecdsa")(m))
    )


# --- the URL --------------------------------------------------------------------------------------------------------


@case
def botocore_http_signed():
    link = boto().generate_presigned_url(f"http://{HOST}/a.mp4", date_less_than=date(END))
    return swap(link, "http://", "https://")


@case
def cli_https_signed_http_asked():
    return swap(aws_cloudfront_sign(URL), "https://", "http://")


@case
def ecdsa_http_signed():
    link = boto("ecdsa").generate_presigned_url(f"http://{HOST}/a.mp4", date_less_than=date(END))
    return swap(link, "http://", "https://")


@case
def no_scheme_signed():
    return canned_link(URL, canned(f"{HOST}/a.mp4"))


@case
def path_only_signed():
    return canned_link(URL, canned("/a.mp4"))


@case
def path_without_slash_signed():
    return canned_cookies(f"{BASE}/videos/a.mp4", canned("videos/a.mp4"))


@case
def domain_signed_alias_asked():
    return swap(boto().generate_presigned_url(URL, date_less_than=date(END)), HOST, "media.example.com")


@case
def alias_signed_domain_asked():
    made = canned_cookies(URL, canned("https://media.example.com/a.mp4"))
    return made


@case
def bucket_signed():
    link = aws_cloudfront_sign("https://media-bucket.s3.eu-west-1.amazonaws.com/a.mp4")
    return swap(link, "media-bucket.s3.eu-west-1.amazonaws.com", HOST)


@case
def origin_signed():
    return swap(aws_cloudfront_sign("https://origin.example.com/a.mp4"), "origin.example.com", HOST)


@case
def localhost_signed_ecdsa():
    link = boto("ecdsa").generate_presigned_url("https://localhost/a.mp4", date_less_than=date(END))
    return swap(link, "localhost", HOST)


@case
def host_in_capitals_asked():
    return swap(aws_cloudfront_sign("https://media.example.com/a.mp4"), "media.example.com", "Media.Example.com")


@case
def port_443_signed():
    return swap(boto().generate_presigned_url(f"{BASE}:443/a.mp4", date_less_than=date(END)), ":443", "")


@case
def port_8080_signed():
    return swap(aws_cloudfront_sign(f"{BASE}:8080/a.mp4"), ":8080", "")


@case
def port_asked_not_signed():
    return swap(aws_cloudfront_sign("https://media.example.com/a.mp4"), "example.com/", "example.com:8443/")


@case
def space_in_path_signed():
    return boto().generate_presigned_url(f"{BASE}/a b.mp4", date_less_than=date(END)).replace(" ", "%20")


@case
def python_quote_plus_path():
    link = boto().generate_presigned_url(f"{BASE}/{urllib.parse.quote_plus('a b.mp4')}", date_less_than=date(END))
    return swap(link, "a+b.mp4", "a%20b.mp4")


@case
def python_quote_with_slash():
    path = urllib.parse.quote("videos/2026/a.mp4", safe="")
    link = aws_cloudfront_sign(f"{BASE}/{path}")
    return swap(link, path, "videos/2026/a.mp4")


def canned_raw(url):
    """A canned policy of an encoder that leaves letters beyond ASCII as they are."""
    return '{"Statement":[{"Resource":"%s","Condition":{"DateLessThan":{"AWS:EpochTime":%d}}}]}' % (url, END)


@case
def botocore_unicode_signed():
    link = boto().generate_presigned_url(f"{BASE}/été.mp4", date_less_than=date(END))
    return swap(link, "été", urllib.parse.quote("été"))


@case
def lower_case_hex_signed():
    return canned_link(f"{BASE}/%C3%A9t%C3%A9.mp4", canned(f"{BASE}/%c3%a9t%c3%a9.mp4"))


@case
def latin_1_signed():
    signed = urllib.parse.quote("été.mp4", encoding="latin-1")
    return canned_link(f"{BASE}/%C3%A9t%C3%A9.mp4", canned(f"{BASE}/{signed}"))


@case
def decomposed_unicode_signed():
    signed = urllib.parse.quote(unicodedata.normalize("NFD", "été.mp4"))
    return canned_link(f"{BASE}/%C3%A9t%C3%A9.mp4", canned(f"{BASE}/{signed}"))


@case
def java_v2_decodes_path():
    return canned_link(f"{BASE}/path/to/%40blob", canned(f"{BASE}/path/to/@blob"))


@case
def java_v2_space_plus_umlaut():
    key = "foo/specific space+plus-üspecial"
    return canned_link(f"{BASE}/{urllib.parse.quote(key)}", canned_raw(f"{BASE}/{key}"))


@case
def double_encoded_signed():
    signed = urllib.parse.quote(urllib.parse.quote("a b.mp4"))
    return swap(aws_cloudfront_sign(f"{BASE}/{signed}"), signed, "a%20b.mp4")


@case
def double_encoded_asked():
    return swap(aws_cloudfront_sign(f"{BASE}/a%20b.mp4"), "a%20b.mp4", "a%2520b.mp4")


@case
def parentheses_encoded_asked():
    link = boto().generate_presigned_url(f"{BASE}/video (1).mp4".replace(" ", "%20"), date_less_than=date(END))
    return swap(link, "(1)", "%281%29")


@case
def ecdsa_space_in_path():
    return boto("ecdsa").generate_presigned_url(f"{BASE}/a b.mp4", date_less_than=date(END)).replace(" ", "%20")


@case
def double_slash_signed():
    link = boto().generate_presigned_url(f"{BASE}/" + "/videos/a.mp4", date_less_than=date(END))
    return swap(link, f"{HOST}//", f"{HOST}/")


@case
def posixpath_signed():
    asked = "/videos/./2026/../a.mp4"
    return swap(aws_cloudfront_sign(BASE + posixpath.normpath(asked)), posixpath.normpath(asked), asked)


@case
def dots_resolved_by_the_browser():
    return swap(aws_cloudfront_sign(f"{BASE}/videos/../a.mp4"), "/videos/../", "/")


@case
def origin_path_signed():
    return swap(aws_cloudfront_sign(f"{BASE}/v1/media/a.mp4"), "/v1/media/", "/")


@case
def index_html_signed():
    return swap(boto().generate_presigned_url(f"{BASE}/index.html", date_less_than=date(END)), "/index.html", "/")


@case
def root_signed():
    return canned_cookies(f"{BASE}/index.html", canned(f"{BASE}/"))


@case
def index_html_signed_without_configuration():
    return swap(aws_cloudfront_sign(f"{BASE}/index.html"), "/index.html", "/")


@case
def trailing_slash_asked():
    return swap(aws_cloudfront_sign(f"{BASE}/docs"), "/docs", "/docs/")


@case
def trailing_slash_signed():
    return canned_cookies(f"{BASE}/docs", canned(f"{BASE}/docs/"))


# --- the query ------------------------------------------------------------------------------------------------------


@case
def utm_source_added():
    return with_query(aws_cloudfront_sign(f"{URL}?size=large"), "utm_source=newsletter", "utm_medium=email")


@case
def fbclid_added_ecdsa():
    return with_query(boto("ecdsa").generate_presigned_url(URL, date_less_than=date(END)), "fbclid=IwAR0abc")


@case
def library_version_added():
    return with_query(boto().generate_presigned_url(URL, date_less_than=date(END)), "ln=default", "v=13.0.2")


@case
def own_parameter_added_between():
    link = boto().generate_presigned_url(f"{URL}?a=1", date_less_than=date(END))
    return swap(link, "?a=1&", "?a=1&quality=high&")


@case
def content_disposition_added():
    link = boto().generate_presigned_url(URL, date_less_than=date(END))
    return with_query(link, "response-content-disposition=attachment%3B%20filename%3D%22a.mp4%22")


@case
def canned_cookies_and_query():
    return canned_cookies(f"{URL}?page=2", canned(URL))


@case
def query_of_the_policy_missing():
    return custom_link(URL, custom(f"{URL}?size=large"))


@case
def lone_question_mark_signed():
    return canned_link(URL, canned(f"{URL}?"))


@case
def download_flag_signed():
    return canned_link(URL, canned(f"{URL}?download=1"))


@case
def sorted_query_signed():
    pairs = urllib.parse.parse_qsl("size=large&id=7&format=webp")
    signed = f"{URL}?{urllib.parse.urlencode(sorted(pairs))}"
    return canned_link(f"{URL}?size=large&id=7&format=webp", canned(signed))


@case
def cache_sorted_the_query():
    return canned_link(f"{URL}?a=1&b=2", canned(f"{URL}?b=2&a=1"))


@case
def ecdsa_query_order():
    return canned_link(f"{URL}?b=2&a=1", canned(f"{URL}?a=1&b=2"), key="ecdsa")


@case
def python_urlencode_signed():
    query = urllib.parse.urlencode({"title": "a b", "tag": "c/d"})
    return canned_link(f"{URL}?title=a%20b&tag=c/d", canned(f"{URL}?{query}"))


@case
def raw_space_in_query_signed():
    link = boto().generate_presigned_url(f"{URL}?title=a b", date_less_than=date(END))
    return swap(link, "a b", "a%20b")


@case
def content_disposition_signed_raw():
    raw = 'response-content-disposition=attachment; filename=a.txt'
    link = aws_cloudfront_sign(f"{URL}?{raw}")
    return swap(link, raw, "response-content-disposition=attachment%3B%20filename%3Da.txt")


@case
def ruby_content_disposition():
    """Ruby's URI.encode_www_form_component against ERB's url_encode: `+` in one, `%20` in the other."""
    return canned_link(
        f"{URL}?response-content-disposition=attachment%3B+filename%3Da.txt",
        canned(f"{URL}?response-content-disposition=attachment%3B%20filename%3Da.txt"),
    )


@case
def php_sdk_decodes_query():
    return canned_link(f"{URL}?name=caf%C3%A9", canned_raw(f"{URL}?name=café"))


@case
def query_and_expires_signed():
    return canned_link(URL, canned(f"{URL}?Expires={END}&Key-Pair-Id={key_id('rsa')}"))


@case
def template_escaped_before_signing():
    link = boto().generate_presigned_url(html.escape(f"{URL}?a=1&b=2"), date_less_than=date(END))
    return swap(link, "&amp;", "&")


@case
def python_html_escape_sent():
    return html.escape(boto().generate_presigned_url(URL, date_less_than=date(END)))


@case
def html_escaped_ecdsa_signed():
    return canned_link(f"{URL}?a=1&b=2", canned(html.escape(f"{URL}?a=1&b=2")), key="ecdsa")


@case
def botocore_fragment():
    return boto().generate_presigned_url(f"{BASE}/manual.pdf#page=3", date_less_than=date(END))


@case
def fragment_signed():
    return canned_link(f"{BASE}/manual.pdf", canned(f"{BASE}/manual.pdf#page=3")) + "#page=3"


@case
def botocore_wildcard_canned():
    link = boto().generate_presigned_url(f"{BASE}/videos/*", date_less_than=date(END))
    return swap(link, "/videos/*", "/videos/a.mp4")


@case
def wildcard_cookies_of_the_host():
    return canned_cookies(f"{BASE}/videos/2026/a.ts", canned(f"{BASE}/*"))


@case
def wildcard_canned_ecdsa():
    return canned_link(f"{BASE}/videos/a.mp4", canned(f"{BASE}/videos/*"), key="ecdsa")


@case
def star_alone_canned():
    return canned_cookies(URL, canned("*"))


# --- the policy's text ----------------------------------------------------------------------------------------------


def policy_of(url, expires=END):
    return {"Statement": [{"Resource": url, "Condition": {"DateLessThan": {"AWS:EpochTime": expires}}}]}


@case
def json_dumps_canned():
    return canned_link(URL, json.dumps(policy_of(URL)))


@case
def json_dumps_sent_compact_signed():
    return custom_link(URL, json.dumps(policy_of(f"{BASE}/*")), canned(f"{BASE}/*"))


@case
def json_dumps_signed_compact_sent_cookies():
    return custom_cookies(URL, canned(f"{BASE}/*"), json.dumps(policy_of(f"{BASE}/*")))


@case
def indented_signed():
    return canned_link(URL, json.dumps(policy_of(URL), indent=4))


@case
def openssl_recipe_forgot_tr():
    """The guide's recipe strips whitespace for the parameter; who leaves it out before openssl signs other bytes."""
    policy = json.dumps(policy_of(f"{BASE}/*"), indent=2)
    signature = openssl_sign(policy, "rsa")
    sent = shell("tr -d ' \\n'", policy)
    return custom_link(URL, sent, sign=lambda _: signature)


@case
def json_dumps_canned_ecdsa():
    return canned_link(URL, json.dumps(policy_of(URL)), key="ecdsa")


@case
def java_v1_space():
    return canned_link(URL, canned(URL).replace('"Statement":[', '"Statement": ['))


@case
def sort_keys_canned():
    return canned_link(URL, json.dumps(policy_of(URL), sort_keys=True, separators=(",", ":")))


@case
def go_map_signed_struct_sent():
    signed = json.dumps(policy_of(f"{BASE}/*"), sort_keys=True, separators=(",", ":"))
    return custom_link(URL, canned(f"{BASE}/*"), signed)


@case
def sort_keys_with_spaces():
    return canned_link(URL, json.dumps(policy_of(URL), sort_keys=True))


@case
def go_escaped_ampersand():
    return canned_link(f"{URL}?key=one&value=two", canned(f"{URL}?key=one&value=two").replace("&", "\\u0026"))


@case
def dotnet_escaped_plus():
    url = f"{BASE}/a+b's.mp4"
    return canned_link(url, canned(url).replace("+", "\\u002B").replace("'", "\\u0027"))


@case
def go_escaped_ampersand_ecdsa():
    url = f"{URL}?a=1&b=2"
    return canned_link(url, canned(url).replace("&", "\\u0026"), key="ecdsa")


@case
def backslash_question_mark():
    policy = custom(f"{URL}?size=large").replace("?", "\\?")
    return custom_link(f"{URL}?size=large", policy)


@case
def echo_newline():
    signature = base64.b64decode(
        shell('echo "$POLICY" | openssl dgst -sha1 -sign "$KEY" | base64 -w 0', POLICY=canned(URL), KEY=private_file("rsa"))
    )
    return canned_link(URL, "", sign=lambda _: signature)


@case
def crlf_file_signed():
    return custom_link(URL, canned(f"{BASE}/*"), canned(f"{BASE}/*") + "\r\n")


@case
def newline_sent_only():
    return custom_cookies(URL, canned(f"{BASE}/*") + "\n", canned(f"{BASE}/*"))


@case
def echo_newline_ecdsa():
    return canned_link(URL, canned(URL) + "\n", key="ecdsa")


@case
def bom_signed():
    return canned_link(URL, canned(URL).encode("utf-8-sig"))


@case
def bom_signed_and_sent():
    return custom_link(URL, canned(f"{BASE}/*").encode("utf-8-sig"))


@case
def statement_object_canned():
    statement = policy_of(URL)["Statement"][0]
    return canned_link(URL, json.dumps({"Statement": statement}, separators=(",", ":")))


@case
def statement_object_cookies():
    statement = policy_of(URL)["Statement"][0]
    return canned_cookies(URL, json.dumps({"Statement": statement}, separators=(",", ":")))


@case
def quoted_number_canned():
    return canned_link(URL, json.dumps(policy_of(URL, str(END)), separators=(",", ":")))


@case
def quoted_number_custom():
    return custom_link(URL, json.dumps(policy_of(f"{BASE}/*", str(END)), separators=(",", ":")))


@case
def policy_with_ip_sent_without_signed():
    return custom_link(URL, custom(URL, ip="203.0.113.0/24"), custom(URL))


@case
def policy_with_start_signed():
    return custom_link(URL, custom(URL), custom(URL, start=END - 3600))


@case
def policy_for_another_file():
    return custom_link(URL, custom(f"{BASE}/*"), custom("https://other.example.net/entirely/other/*"))


@case
def canned_signature_of_the_url_with_wildcard_policy():
    return custom_cookies(URL, custom(f"{BASE}/*"), canned(URL))


@case
def wildcard_policy_ecdsa_other_signed():
    return custom_link(URL, custom(f"{BASE}/*", ip="203.0.113.0/24"), custom(f"{BASE}/*"), key="ecdsa")


@case
def bucket_policy_sent():
    policy = {
        "Version": "2012-10-17",
        "Id": "PolicyForCloudFrontPrivateContent",
        "Statement": [{"Sid": "1", "Effect": "Allow", **policy_of(f"{BASE}/*")["Statement"][0]}],
    }
    return custom_link(URL, json.dumps(policy, separators=(",", ":")))


@case
def version_in_cookies():
    policy = {"Version": "2012-10-17", **policy_of(f"{BASE}/*")}
    return custom_cookies(URL, json.dumps(policy, separators=(",", ":")))


@case
def date_less_than_misspelt():
    return custom_link(URL, custom(f"{BASE}/*").replace("DateLessThan", "DateLessThen"))


@case
def source_ip_misspelt():
    return custom_link(URL, custom(f"{BASE}/*", ip="203.0.113.0/24").replace("AWS:SourceIp", "aws:SourceIp"))


@case
def two_statements():
    policy = policy_of(f"{BASE}/videos/*")
    policy["Statement"] += policy_of(f"{BASE}/audio/*")["Statement"]
    return custom_cookies(f"{BASE}/videos/a.ts", json.dumps(policy, separators=(",", ":")))


@case
def no_date_less_than():
    return custom_link(URL, '{"Statement":[{"Resource":"%s/*","Condition":{}}]}' % BASE)


# --- time -----------------------------------------------------------------------------------------------------------


@case
def milliseconds_custom():
    return custom_link(URL, custom(f"{BASE}/*").replace(str(END), f"{END}879"))


@case
def milliseconds_sent_seconds_signed():
    return canned_link(URL, canned(URL), expires=END * 1000)


@case
def milliseconds_signed_seconds_sent():
    return canned_cookies(URL, canned(URL).replace(str(END), f"{END}000"))


@case
def naive_datetime():
    """Parsed as local time on a machine in Tokyo for the policy, and as UTC for the parameter."""
    text = "2033-01-22T09:46:40"
    local = datetime.fromisoformat(text).replace(tzinfo=timezone(timedelta(hours=9)))
    utc = datetime.fromisoformat(text).replace(tzinfo=timezone.utc)
    return canned_link(URL, canned(URL, int(local.timestamp())), expires=int(utc.timestamp()))


@case
def half_hour_zone():
    return canned_link(URL, canned(URL, END - 19800), expires=END)


@case
def time_zone_ecdsa():
    return canned_link(URL, canned(URL, END + 7200), expires=END, key="ecdsa")


@case
def time_zone_policy_cookies():
    return custom_cookies(URL, custom(f"{BASE}/*", END), custom(f"{BASE}/*", END - 5 * 3600))


@case
def clock_read_twice():
    return canned_link(URL, canned(URL, END + 1), expires=END)


@case
def clock_read_twice_cookies():
    return canned_cookies(URL, canned(URL, END), expires=END + 3)


@case
def expired_botocore():
    return boto().generate_presigned_url(URL, date_less_than=date(NOW - 1))


@case
def expired_to_the_second():
    return aws_cloudfront_sign(URL, expires=NOW)


@case
def expired_cookies():
    return custom_cookies(URL, custom(f"{BASE}/*", NOW - 86400))


@case
def expired_ecdsa():
    return boto("ecdsa").generate_presigned_url(URL, date_less_than=date(NOW - 3600))


@case
def day_and_month_swapped():
    """05/03/2030 was meant, 3 May 2030 was read the other way round: 5 March, long gone at the time of the case."""
    read = datetime.strptime("03/05/2030", "%m/%d/%Y").replace(tzinfo=timezone.utc)
    return boto().generate_presigned_url(URL, date_less_than=read)


@case
def starts_now():
    return aws_cloudfront_sign(URL, "--date-greater-than", str(NOW))


@case
def starts_tomorrow_cookies():
    return custom_cookies(URL, custom(f"{BASE}/*", start=NOW + 86400))


# --- the address ----------------------------------------------------------------------------------------------------


@case
def loopback_range():
    return aws_cloudfront_sign(URL, "--ip-address", "127.0.0.1/32")


@case
def office_range_cookies():
    return custom_cookies(URL, custom(f"{BASE}/*", ip="198.51.100.0/24"))


@case
def any_ipv4_from_ipv6():
    return aws_cloudfront_sign(URL, "--ip-address", "0.0.0.0/0")


@case
def single_address_from_ipv6():
    return custom_link(URL, custom(f"{BASE}/*", ip="203.0.113.9"), key="ecdsa")


@case
def ipv6_range():
    return custom_link(URL, custom(f"{BASE}/*", ip="2001:db8::/32"))


@case
def mask_33():
    return custom_link(URL, custom(f"{BASE}/*", ip="203.0.113.0/33"))


@case
def two_ranges():
    return custom_cookies(URL, custom(f"{BASE}/*", ip="203.0.113.0/24,198.51.100.0/24"))


@case
def address_with_wildcard():
    return custom_link(URL, custom(f"{BASE}/*").replace("}}}]}", '},"IpAddress":{"AWS:SourceIp":"203.0.113.*"}}}]}'))


# --- what was given to the signing function -------------------------------------------------------------------------


@case
def base64_signed():
    return custom_link(URL, custom(f"{BASE}/*"), cf64(custom(f"{BASE}/*")))


@case
def plain_base64_signed_canned():
    return canned_link(URL, base64.b64encode(canned(URL).encode()))


@case
def kms_raw_given_a_digest():
    digest = hashlib.sha256(canned(URL).encode()).digest()
    return canned_link(URL, digest, sign=sign_with("rsa", SHA256), more=["Hash-Algorithm=SHA256"])


@case
def sha1_digest_signed():
    return canned_cookies_of_bytes(hashlib.sha1(canned(URL).encode()).digest())


def canned_cookies_of_bytes(message):
    signature = sign_with("rsa")(message)
    return cookies(URL, {"Expires": END, "Signature": cf64(signature), "Key-Pair-Id": key_id("rsa")})


@case
def kms_raw_ecdsa():
    digest = hashlib.sha256(canned(URL).encode()).digest()
    return canned_link(URL, digest, key="ecdsa", sign=sign_with("ecdsa", SHA256), more=["Hash-Algorithm=SHA256"])


@case
def hexdigest_signed():
    return canned_link(URL, hashlib.sha1(canned(URL).encode()).hexdigest())


@case
def sha256_hexdigest_signed():
    return canned_link(
        URL, hashlib.sha256(canned(URL).encode()).hexdigest(), sign=sign_with("rsa", SHA256), more=["Hash-Algorithm=SHA256"]
    )


@case
def url_signed():
    return canned_link(URL, URL)


@case
def url_signed_cookies():
    return canned_cookies(f"{URL}?a=1", f"{URL}?a=1")


@case
def url_signed_ecdsa():
    return canned_link(URL, URL, key="ecdsa")


# --- the signature's and the policy's encoding ----------------------------------------------------------------------


def canned_with(encode, key="rsa", url=URL, fits=lambda _: True):
    """A canned link whose signature is encoded in some other way."""

    def make(expires):
        signature = sign_with(key)(canned(url, expires).encode())
        return with_query(url, f"Expires={expires}", f"Signature={encode(signature)}", f"Key-Pair-Id={key_id(key)}")

    return until(make, lambda link: fits(link.split("Signature=", 1)[1].split("&", 1)[0]))


def b64(data):
    return base64.b64encode(data).decode()


def has_all(characters):
    return lambda value: all(character in value for character in characters)


@case
def plain_base64_in_url():
    return canned_with(b64, fits=has_all("+/="))


@case
def plain_base64_quoted():
    return canned_with(lambda data: urllib.parse.quote_plus(b64(data)), fits=has_all(["%2B", "%2F"]))


@case
def plain_base64_cookies():
    policy = custom(f"{BASE}/*")
    signature = sign_with()(policy.encode())
    return cookies(URL, {"Policy": b64(policy.encode()), "Signature": b64(signature), "Key-Pair-Id": key_id("rsa")})


@case
def plain_base64_ecdsa():
    return canned_with(b64, key="ecdsa", fits=has_all("+/"))


@case
def urlsafe_b64encode():
    return canned_with(lambda data: base64.urlsafe_b64encode(data).decode(), fits=has_all("-_="))


@case
def base64url_without_padding():
    return canned_with(lambda data: base64.urlsafe_b64encode(data).decode().rstrip("="), fits=has_all("-_"))


@case
def base64url_cookies():
    policy = custom(f"{BASE}/*")
    encode = lambda data: base64.urlsafe_b64encode(data).decode()
    signature = sign_with()(policy.encode())
    made = {"Policy": encode(policy.encode()), "Signature": encode(signature), "Key-Pair-Id": key_id("rsa")}
    return cookies(URL, made)


@case
def swapped_characters():
    return canned_with(lambda data: b64(data).translate(str.maketrans("+=/", "-~_")), fits=has_all("-_~"))


@case
def swapped_characters_cookies():
    policy = custom(f"{BASE}/*", ip="203.0.113.0/24")
    encode = lambda data: b64(data).translate(str.maketrans("+=/", "-~_"))
    signature = sign_with()(policy.encode())
    made = {"Policy": encode(policy.encode()), "Signature": encode(signature), "Key-Pair-Id": key_id("rsa")}
    return cookies(URL, made)


@case
def hex_signature():
    return canned_with(lambda data: data.hex())


@case
def hex_signature_ecdsa():
    return canned_with(lambda data: data.hex().upper(), key="ecdsa")


@case
def percent_encoded_twice():
    encode = lambda data: cf64(data).replace("~", "%257E")
    return canned_with(encode, fits=has_all(["%257E"]))


@case
def quoted_twice_plain():
    encode = lambda data: urllib.parse.quote(urllib.parse.quote(b64(data), safe=""), safe="")
    return canned_with(encode, fits=has_all(["%252B", "%252F"]))


@case
def form_decoded_plus():
    """Plain base64 that a form or a proxy decoded once: every `+` is a space now."""
    encode = lambda data: urllib.parse.unquote_plus(b64(data)).replace(" ", "%20")
    return canned_with(encode, fits=has_all(["%20"]))


@case
def form_decoded_plus_cookies():
    def make(expires):
        policy = custom(f"{BASE}/*", expires)
        signature = b64(sign_with()(policy.encode())).replace("+", " ")
        return cookies(URL, {"Policy": b64(policy.encode()), "Signature": signature, "Key-Pair-Id": key_id("rsa")})

    return until(make, lambda made: " " in made["cookies"][0].split("Signature=")[1].split(";")[0])


@case
def openssl_base64_lines():
    script = 'openssl dgst -sha1 -sign "$KEY" | openssl base64 | tr -- "+=/" "-_~"'
    signature = shell(script, canned(URL), KEY=private_file("rsa"))
    return with_query(
        URL, f"Expires={END}", f"Signature={urllib.parse.quote(signature, safe='')}", f"Key-Pair-Id={key_id('rsa')}"
    )


@case
def coreutils_base64_policy_lines():
    policy = custom(f"{BASE}/*")
    wrapped = shell('base64 | tr -- "+=/" "-_~"', policy)
    link = custom_link(URL, policy)
    return swap(link, cf64(policy), urllib.parse.quote(wrapped, safe=""))


@case
def signature_cut_short():
    link = boto().generate_presigned_url(URL, date_less_than=date(END))
    head, tail = link.split("&Key-Pair-Id", 1)
    return f"{head[:-12]}&Key-Pair-Id{tail}"


@case
def signature_cut_short_cookies():
    made = custom_cookies(URL, custom(f"{BASE}/*"))["cookies"][0]
    head, tail = made.split("; CloudFront-Key-Pair-Id", 1)
    return {"url": URL, "cookies": [f"{head[:-100]}; CloudFront-Key-Pair-Id{tail}"]}


@case
def link_cut_at_255():
    return boto().generate_presigned_url(URL, date_less_than=date(END))[:255]


@case
def newline_within_base64():
    """`$(openssl …)` with a line end added before base64: one byte more than a signature has."""
    return canned_with(lambda data: cf64(data + b"\n"))


# --- what was sent --------------------------------------------------------------------------------------------------


@case
def nothing_sent():
    return URL


@case
def key_pair_id_missing():
    return boto().generate_presigned_url(URL, date_less_than=date(END)).split("&Key-Pair-Id=")[0]


@case
def key_pair_id_empty():
    return boto(named="", sign=sign_with()).generate_presigned_url(URL, date_less_than=date(END))


@case
def signature_missing():
    link = boto().generate_presigned_url(URL, date_less_than=date(END))
    head, tail = link.split("&Signature=", 1)
    return f"{head}&{tail.split('&', 1)[1]}"


@case
def cookies_of_the_app_only():
    return {"url": URL, "cookies": ["session=abc; theme=dark"]}


@case
def signature_cookie_missing():
    policy = custom(f"{BASE}/*")
    return cookies(URL, {"Policy": cf64(policy), "Key-Pair-Id": key_id("rsa")})


@case
def botocore_wildcard_separator():
    policy = custom(f"{BASE}/file?.zip")
    link = boto().generate_presigned_url(f"{BASE}/file?.zip", policy=policy)
    return swap(link, "/file?.zip", "/fileA.zip")


@case
def key_pair_id_in_other_case():
    link = boto().generate_presigned_url(URL, date_less_than=date(END))
    return swap(link, "Key-Pair-Id", "Key-pair-Id")


@case
def cookies_in_lower_case():
    made = custom_cookies(URL, custom(f"{BASE}/*"))
    return {"url": URL, "cookies": [made["cookies"][0].replace("CloudFront-", "cloudfront-")]}


@case
def policy_in_lower_case():
    return swap(custom_link(URL, custom(f"{BASE}/*")), "Policy=", "policy=")


@case
def expires_of_the_app():
    return custom_cookies(f"{URL}?Expires=3600", custom(f"{BASE}/*"))


@case
def s3_presigned_parameters():
    url = f"{URL}?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=vjbyPxybdZaNmGa%2ByT272YEAiv4%3D&Expires=1990000000"
    return custom_cookies(url, custom(f"{BASE}/*"))


@case
def signed_twice_first_expired():
    first = boto().generate_presigned_url(URL, date_less_than=date(NOW - 60))
    return boto().generate_presigned_url(first, date_less_than=date(END))


@case
def two_signatures_first_stale():
    good = boto().generate_presigned_url(URL, date_less_than=date(END))
    stale = cf64(sign_with("rsa")(canned(URL, END - 1000).encode()))
    return swap(good, "&Signature=", f"&Signature={stale}&Signature=")


@case
def two_cookie_sets():
    stale = custom_cookies(URL, custom(f"{BASE}/*", NOW - 60))["cookies"][0]
    fresh = custom_cookies(URL, custom(f"{BASE}/*"))["cookies"][0]
    return {"url": URL, "cookies": [f"{stale}; {fresh}"]}


@case
def folder_of_another_policy():
    return custom_cookies(f"{BASE}/images/a.jpg", custom(f"{BASE}/videos/*"))


@case
def one_level_of_the_wildcard():
    return custom_link(f"{BASE}/videos/a.mp4", custom(f"{BASE}/videos/*.m3u8"))


@case
def wildcard_of_the_other_scheme():
    return custom_cookies(URL, custom(f"http://{HOST}/*"))


@case
def wildcard_of_the_other_host():
    return custom_link("https://media.example.com/a.mp4", custom(f"{BASE}/*"), key="ecdsa")


@case
def query_wildcard_not_covered():
    return custom_link(f"{BASE}/hello?world", custom(f"{BASE}/hello*world"))


# --- several at once ------------------------------------------------------------------------------------------------


@case
def http_utm_sha256():
    link = boto("rsa", SHA256).generate_presigned_url(f"http://{HOST}/a.mp4", date_less_than=date(END))
    return with_query(swap(link, "http://", "https://"), "utm_source=x")


@case
def other_key_spaces_time_zone():
    signed = json.dumps(policy_of(URL, END - 7200))
    return canned_link(URL, signed, sign=sign_with("rsa2"))


@case
def alias_space_newline():
    signed = canned(f"{BASE}/a b.mp4") + "\n"
    return canned_link("https://media.example.com/a%20b.mp4", signed)


@case
def other_key_sha256():
    return boto(sign=sign_with("rsa2", SHA256)).generate_presigned_url(URL, date_less_than=date(END))


@case
def base64url_and_http():
    return swap_scheme(canned_with(lambda d: base64.urlsafe_b64encode(d).decode(), url=f"http://{HOST}/a.mp4", fits=has_all("-_")))


def swap_scheme(link):
    return swap(link, "http://", "https://")


@case
def plain_base64_and_query():
    return with_query(canned_with(b64, fits=has_all("+/")), "gclid=abc123")


@case
def raw_ecdsa_and_http():
    link = canned_link(
        f"http://{HOST}/a.mp4", canned(f"http://{HOST}/a.mp4"), key="ecdsa", sign=lambda m: raw_ecdsa(sign_with("ecdsa")(m))
    )
    return swap_scheme(link)


@case
def expired_and_outside_range():
    return custom_link(URL, custom(f"{BASE}/*", NOW - 10, ip="198.51.100.0/24"))


@case
def expired_and_query_added():
    return with_query(boto().generate_presigned_url(URL, date_less_than=date(NOW - 10)), "utm_campaign=spring")


@case
def wildcard_canned_sha256_cookies():
    return canned_cookies(f"{BASE}/videos/a.ts", canned(f"{BASE}/videos/*"), sign=sign_with("rsa", SHA256))


@case
def ecdsa_http_and_query():
    link = boto("ecdsa").generate_presigned_url(f"http://{HOST}/a.mp4", date_less_than=date(END))
    return with_query(swap_scheme(link), "_=1900000000123")


@case
def ecdsa_sha256_and_alias():
    link = boto("ecdsa", SHA256).generate_presigned_url(URL, date_less_than=date(END))
    return swap(link, HOST, "media.example.com")


@case
def spaces_order_and_http():
    signed = json.dumps(policy_of(f"http://{HOST}/a.mp4"), sort_keys=True)
    return canned_link(URL, signed)


@case
def pss_and_query_added():
    pss = padding.PSS(padding.MGF1(SHA256), padding.PSS.DIGEST_LENGTH)
    link = canned_link(URL, canned(URL), sign=sign_with("rsa", SHA256, pss), more=["Hash-Algorithm=SHA256"])
    return with_query(link, "utm_source=x")


@case
def hex_and_sha256():
    encode = lambda message: sign_with("rsa", SHA256)(message).hex()
    return with_query(
        URL, f"Expires={END}", f"Signature={encode(canned(URL).encode())}", f"Key-Pair-Id={key_id('rsa')}"
    )


@case
def digest_and_port():
    digest = hashlib.sha1(canned(f"{BASE}:443/a.mp4").encode()).digest()
    return canned_link(URL, digest)


@case
def wrong_folder_and_outside_range():
    return custom_cookies(f"{BASE}/images/a.jpg", custom(f"{BASE}/videos/*", ip="198.51.100.0/24"))


# --- of the field reports -------------------------------------------------------------------------------------------


def policy_link(sent):
    """A custom policy of any text, signed as it is sent."""
    return custom_link(URL, sent)


@case
def key_name_as_key_id():
    return boto(named="media-key-2026", sign=sign_with()).generate_presigned_url(URL, date_less_than=date(END))


@case
def key_id_with_line_end():
    return boto(named=key_id("rsa") + "%0A", sign=sign_with()).generate_presigned_url(URL, date_less_than=date(END))


@case
def key_id_with_blank_in_cookies():
    made = custom_cookies(URL, custom(f"{BASE}/*"))
    return {"url": URL, "cookies": [swap(made["cookies"][0], key_id("rsa"), key_id("rsa") + "%20")]}


@case
def folder_left_out():
    return swap(boto().generate_presigned_url(f"{BASE}/media/dir/a.mp4", date_less_than=date(END)), "/media/dir", "/dir")


@case
def undefined_folder():
    link = boto().generate_presigned_url(f"{BASE}/undefined/a.mp4", date_less_than=date(END))
    return swap(link, "/undefined/", "/dir/")


@case
def image_service_prefix():
    link = boto().generate_presigned_url(f"{BASE}/img/a.jpg", date_less_than=date(END))
    return swap(link, "/img/", "/fit-in/200x200/img/")


@case
def playlist_for_segment():
    link = boto().generate_presigned_url(f"{BASE}/hls/index.m3u8", date_less_than=date(END))
    return swap(link, "index.m3u8", "seg-00001.ts")


@case
def master_for_rendition():
    link = boto().generate_presigned_url(f"{BASE}/v/master.m3u8", date_less_than=date(END))
    return swap(link, "/v/master.m3u8", "/v/720p/seg7.m4s")


@case
def url_with_line_end():
    return canned_link(URL, canned(URL + "\n"))


@case
def resource_with_blank():
    return custom_link(f"{BASE}/dir/a.mp4", custom(f"{BASE}/dir/* "))


@case
def python_str_of_policy():
    return policy_link(str(json.loads(custom(f"{BASE}/*"))))


@case
def brace_missing():
    return policy_link(custom(f"{BASE}/*")[:-1])


@case
def brace_too_many():
    return policy_link(custom(f"{BASE}/*") + "}")


@case
def trailing_comma():
    return policy_link(custom(f"{BASE}/*").replace("}}}]}", "}},}]}"))


@case
def policy_quoted_whole():
    return policy_link(urllib.parse.quote(custom(f"{BASE}/*")))


@case
def policy_sent_raw():
    policy = custom(f"{BASE}/*")
    return swap(custom_link(URL, policy), cf64(policy), urllib.parse.quote(policy))


@case
def condition_as_list():
    return policy_link(json.dumps({"Statement": [{"Resource": f"{BASE}/*", "Condition": []}]}, separators=(",", ":")))


@case
def resources_in_a_list():
    policy = json.loads(custom(f"{BASE}/*"))
    policy["Statement"][0]["Resource"] = [f"{BASE}/a/*", f"{BASE}/b/*"]
    return policy_link(json.dumps(policy, separators=(",", ":")))


@case
def start_without_end():
    condition = {"DateGreaterThan": {"AWS:EpochTime": NOW - 60}}
    policy = {"Statement": [{"Resource": f"{BASE}/*", "Condition": condition}]}
    return policy_link(json.dumps(policy, separators=(",", ":")))


@case
def iso_date_as_expires():
    text = date(END).strftime("%Y-%m-%d")
    return canned_link(URL, canned(URL).replace(str(END), text), expires=text)


@case
def date_string_in_policy():
    return policy_link(custom(f"{BASE}/*").replace(str(END), '"%s"' % date(END).isoformat()))


@case
def fraction_in_policy():
    return policy_link(custom(f"{BASE}/*").replace(str(END), f"{END}.5"))


@case
def null_in_policy():
    return policy_link(custom(f"{BASE}/*").replace(str(END), "null"))


@case
def nan_in_policy():
    return policy_link(json.dumps({"Statement": [{"Resource": f"{BASE}/*", "Condition": {"DateLessThan": {"AWS:EpochTime": float("nan")}}}]}))


@case
def duration_as_expires():
    return canned_link(URL, canned(URL).replace(str(END), "3600"), expires=3600)


@case
def base64_of_base64():
    policy = custom(f"{BASE}/*")
    return swap(custom_link(URL, policy), cf64(policy), cf64(base64.b64encode(policy.encode())))


@case
def signature_as_utf8():
    def lossy(message):
        return sign_with()(message).decode("utf-8", "replace").encode()

    return canned_link(URL, canned(URL), sign=lossy)


@case
def signature_as_latin1():
    return canned_link(URL, canned(URL), sign=lambda message: sign_with()(message).decode("latin-1").encode())


@case
def http_cookies_quotes():
    policy = custom(f"{BASE}/*")
    pairs = {"Policy": cf64(policy), "Signature": cf64(sign_with()(policy.encode())), "Key-Pair-Id": key_id("rsa")}
    return cookies(URL, {name: f'"{value}"' for name, value in pairs.items()})


@case
def laravel_encrypted_cookies():
    def encrypted(_):
        value = base64.b64encode(secrets.token_bytes(240)).decode()
        parts = {"iv": base64.b64encode(secrets.token_bytes(16)).decode(), "value": value, "mac": secrets.token_hex(32), "tag": ""}
        return urllib.parse.quote(base64.b64encode(json.dumps(parts).encode()).decode(), safe="")

    return cookies(URL, {name: encrypted(name) for name in ("Policy", "Signature", "Key-Pair-Id")})


@case
def express_signed_cookies():
    policy = custom(f"{BASE}/*")
    pairs = {"Policy": cf64(policy), "Signature": cf64(sign_with()(policy.encode())), "Key-Pair-Id": key_id("rsa")}

    def signed(value):
        digest = base64.b64encode(hashlib.sha256(value.encode()).digest()).decode().rstrip("=")
        return urllib.parse.quote(f"s:{value}.{digest}", safe="")

    return cookies(URL, {name: signed(value) if name != "Key-Pair-Id" else value for name, value in pairs.items()})


@case
def hmac_sha1_as_signature():
    import hmac

    return canned_link(URL, canned(URL), sign=lambda message: hmac.new(b"secret", message, "sha1").digest())


@case
def hmac_sha256_in_hexadecimal():
    link = boto().generate_presigned_url(URL, date_less_than=date(END))
    value = link.split("Signature=")[1].split("&")[0]
    return swap(link, value, hashlib.sha256(b"secret" + link.encode()).hexdigest())


@case
def parameters_behind_second_question_mark():
    link = boto().generate_presigned_url(f"{URL}?size=large", date_less_than=date(END))
    return swap(link, "&Expires", "?Expires")


@case
def encode_uri_component_of_the_link():
    link = boto().generate_presigned_url(URL, date_less_than=date(END))
    return BASE + "/" + urllib.parse.quote(link[len(BASE) + 1 :], safe="~")


@case
def openssl_base64_with_blanks():
    policy = custom(f"{BASE}/*")
    signature = cf64(sign_with()(policy.encode()))
    lines = " ".join(signature[at : at + 64] for at in range(0, len(signature), 64))
    return cookies(URL, {"Policy": cf64(policy), "Signature": lines, "Key-Pair-Id": key_id("rsa")})


if __name__ == "__main__":
    tools.run()
