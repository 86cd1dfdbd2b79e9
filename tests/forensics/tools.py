"""What the makers in make.py share: the keys, CloudFront's alphabet, and the tools that they drive.

FRONTGATE_KEYS is a JSON object of key names, each with the id under which links name it and its PEM files.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from functools import cache
from pathlib import Path

from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

HOST = "d111111abcdef8.cloudfront.net"
BASE = f"https://{HOST}"
END = 1990000000
NOW = 1900000000
KEYS = json.loads(os.environ["FRONTGATE_KEYS"])
CASES = {}


def case(function):
    """Registers what makes the link of the case that is called like the function."""
    name = function.__name__.replace("_", "-")
    assert name not in CASES, name
    CASES[name] = function
    return function


def run():
    for name, make in CASES.items():
        made = make()
        if isinstance(made, str):
            made = {"url": made}
        print(json.dumps({"name": name, **made}))
    sys.stdout.flush()


def key_id(name):
    return KEYS[name]["id"]


def private_file(name):
    return KEYS[name]["private"]


def public_pem(name):
    return Path(KEYS[name]["public"]).read_text()


@cache
def private_key(name):
    return load_pem_private_key(Path(private_file(name)).read_bytes(), password=None)


def cf64(data):
    """CloudFront's base64, written here once more so that no tool judges itself."""
    if isinstance(data, str):
        data = data.encode()
    return base64.b64encode(data).decode().translate(str.maketrans("+=/", "-_~"))


def sign_with(key="rsa", algorithm=hashes.SHA1(), pad=None):
    """A signing function of `cryptography`, such as botocore's users hand in."""
    loaded = private_key(key)
    if isinstance(loaded, rsa.RSAPrivateKey):
        return lambda message: loaded.sign(message, pad or padding.PKCS1v15(), algorithm)
    return lambda message: loaded.sign(message, ec.ECDSA(algorithm))


def boto(key="rsa", algorithm=hashes.SHA1(), sign=None, named=None):
    return CloudFrontSigner(key_id(key) if named is None else named, sign or sign_with(key, algorithm))


def date(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc)


def canned(url, expires=END):
    """The canned policy, by botocore."""
    return boto().build_policy(url, date(expires))


def custom(resource, expires=END, start=None, ip=None):
    """A custom policy, by botocore."""
    return boto().build_policy(resource, date(expires), date_greater_than=date(start) if start else None, ip_address=ip)


def with_query(url, *pairs):
    return url + ("&" if "?" in url else "?") + "&".join(pairs)


def canned_link(url, message, expires=END, key="rsa", sign=None, more=()):
    """A canned link put together by hand around a signature of any message."""
    if isinstance(message, str):
        message = message.encode()
    signature = (sign or sign_with(key))(message)
    return with_query(url, f"Expires={expires}", f"Signature={cf64(signature)}", f"Key-Pair-Id={key_id(key)}", *more)


def custom_link(url, sent, signed=None, key="rsa", sign=None, more=()):
    """A link with one policy in it, and another (or the same one) signed."""
    signed = sent if signed is None else signed
    if isinstance(signed, str):
        signed = signed.encode()
    signature = (sign or sign_with(key))(signed)
    return with_query(url, f"Policy={cf64(sent)}", f"Signature={cf64(signature)}", f"Key-Pair-Id={key_id(key)}", *more)


def cookie_header(pairs):
    return "; ".join(f"CloudFront-{name}={value}" for name, value in pairs.items())


def cookies(url, pairs):
    return {"url": url, "cookies": [cookie_header(pairs)]}


def canned_cookies(url, message, expires=END, key="rsa", sign=None):
    signature = (sign or sign_with(key))(message.encode())
    return cookies(url, {"Expires": expires, "Signature": cf64(signature), "Key-Pair-Id": key_id(key)})


def custom_cookies(url, sent, signed=None, key="rsa", sign=None):
    signed = sent if signed is None else signed
    signature = (sign or sign_with(key))(signed.encode())
    return cookies(url, {"Policy": cf64(sent), "Signature": cf64(signature), "Key-Pair-Id": key_id(key)})


def openssl(*words, data=b""):
    if isinstance(data, str):
        data = data.encode()
    done = subprocess.run(["openssl", *words], input=data, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def openssl_sign(message, key="rsa", digest="-sha1", *options):
    words = [word for option in options for word in ("-sigopt", option)]
    return openssl("dgst", digest, "-sign", private_file(key), *words, data=message)


def shell(script, data=b"", **env):
    """A script of Bourne's shell, as the guide's own recipe for openssl is."""
    if isinstance(data, str):
        data = data.encode()
    done = subprocess.run(["sh", "-c", script], input=data, capture_output=True, env={**os.environ, **env})
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


scratch = tempfile.TemporaryDirectory()


@cache
def pkcs1_file(key):
    """The AWS CLI reads PKCS#1 only, so its user has to convert a PKCS#8 key first."""
    path = Path(scratch.name) / f"{key}.pem"
    form = PrivateFormat.TraditionalOpenSSL
    path.write_bytes(private_key(key).private_bytes(Encoding.PEM, form, NoEncryption()))
    return str(path)


@cache
def cli_driver():
    """The CLI in this process: as a command it takes a second a link. Nothing of the user's own AWS setup may leak in."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(HOME="/nonexistent", AWS_DEFAULT_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true")
    from awscli.clidriver import create_clidriver

    return create_clidriver()


def aws_cloudfront_sign(url, *words, key="rsa", named=None, expires=END):
    import contextlib
    import io

    out = io.StringIO()
    arguments = ["cloudfront", "sign", "--url", url, "--key-pair-id", named or key_id(key)]
    arguments += ["--private-key", f"file://{pkcs1_file(key)}", "--date-less-than", str(expires), *words]
    with contextlib.redirect_stdout(out):
        assert cli_driver().main(arguments) == 0, arguments
    return out.getvalue().strip()


def raw_ecdsa(der):
    """`r` and `s` one after the other, as WebCrypto, JOSE and PKCS#11 give them out."""
    return b"".join(part.to_bytes(32, "big") for part in decode_dss_signature(der))


def swap(link, old, new):
    assert old in link, (old, link)
    return link.replace(old, new)


def until(make, fits):
    """The first of several links whose signature has the characters that the mistake needs: keys differ per machine."""
    for step in range(500):
        made = make(END + step)
        if fits(made):
            return made
    raise AssertionError("no signature fits")
