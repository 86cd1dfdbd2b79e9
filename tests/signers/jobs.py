"""The document that every Python signer here reads from stdin and writes to stdout."""

import json
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import load_pem_private_key

HASHES = {"SHA1": hashes.SHA1(), "SHA256": hashes.SHA256()}


class Unsupported(Exception):
    """The signer has no way to do what the job asks."""

    def __str__(self):
        return f"unsupported: {super().__str__()}"


def load_key(path):
    with open(path, "rb") as file:
        return load_pem_private_key(file.read(), password=None)


def run(signer, sign):
    """Answers every job with `sign(job)`, which returns a URL (str) or cookies (dict) or raises."""
    results = []
    for job in json.load(sys.stdin)["jobs"]:
        result = {"id": job["id"], "url": None, "cookies": None, "error": None}
        try:
            made = sign(job)
            result["cookies" if isinstance(made, dict) else "url"] = made
        except Unsupported as error:
            result["error"] = str(error)
        except Exception as error:
            result["error"] = f"{type(error).__name__}: {error}"
        results.append(result)
    json.dump({"signer": signer, "results": results}, sys.stdout)
