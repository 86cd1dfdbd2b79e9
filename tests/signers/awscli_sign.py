"""Signs with `aws cloudfront sign`: in this process, and the first job also as a command."""

import contextlib
import io
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

scratch = tempfile.TemporaryDirectory()

# Signing is local; nothing of the user's own AWS setup may leak in.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ.update(HOME=scratch.name, AWS_DEFAULT_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true")

import awscli
from awscli.clidriver import create_clidriver
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import jobs

driver = create_clidriver()
compared = False


@cache
def cli_key_file(path):
    """The CLI reads PKCS#1 only, so its user has to convert a PKCS#8 key first."""
    if "BEGIN RSA PRIVATE KEY" in Path(path).read_text():
        return path
    converted = Path(tempfile.mkstemp(dir=scratch.name)[1])
    key = jobs.load_key(path)
    converted.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    return str(converted)


def arguments(job):
    if job["key_type"] != "rsa":
        raise jobs.Unsupported("this version signs with RSA keys only")
    if job["hash"] != "SHA1":
        raise jobs.Unsupported("this version has no --hash-algorithm")
    for name in ("resource", "policy"):
        if job.get(name) is not None:
            raise jobs.Unsupported(f"this version has no option for a {name}")
    words = ["cloudfront", "sign", "--url", job["url"], "--key-pair-id", job["key_pair_id"]]
    words += ["--private-key", f"file://{cli_key_file(job['private_key_file'])}"]
    words += ["--date-less-than", str(job["expires"])]
    if job.get("not_before") is not None:
        words += ["--date-greater-than", str(job["not_before"])]
    if job.get("ip") is not None:
        words += ["--ip-address", job["ip"]]
    return words


def in_process(words):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = driver.main(words)
        except SystemExit as exit:
            code = exit.code
    return code, out.getvalue(), err.getvalue()


def as_command(words):
    done = subprocess.run([Path(sys.executable).with_name("aws"), *words], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def sign(job):
    global compared
    words = arguments(job)
    code, url, err = in_process(words)
    if not compared:
        compared = True
        if as_command(words)[:2] != (code, url):
            raise RuntimeError("`aws cloudfront sign` as a command answers differently than in process")
    if code != 0:
        raise RuntimeError(err.strip() or f"aws exited with {code}")
    if job["kind"] == "url":
        return url
    # The CLI has no cookies: they are the parameters it appended, under the names cookies have.
    appended = url[len(job["url"]) + 1 :]
    return {f"CloudFront-{name}": value for name, value in (part.split("=", 1) for part in appended.split("&"))}


jobs.run(f"awscli {awscli.__version__}", sign)
