"""Signs exact bytes, with no idea of URLs or policies: for texts no SDK would sign."""

import base64
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

import jobs

load_key = cache(jobs.load_key)


def pkcs1v15(key, message, algorithm):
    return key.sign(message, padding.PKCS1v15(), algorithm)


def pss(key, message, algorithm):
    return key.sign(message, padding.PSS(padding.MGF1(algorithm), padding.PSS.DIGEST_LENGTH), algorithm)


def ecdsa_der(key, message, algorithm):
    return key.sign(message, ec.ECDSA(algorithm))


def ecdsa_raw(key, message, algorithm):
    size = (key.curve.key_size + 7) // 8
    return b"".join(part.to_bytes(size, "big") for part in decode_dss_signature(ecdsa_der(key, message, algorithm)))


def ed25519_pure(key, message, _algorithm):
    return key.sign(message)


# The first scheme of a key type is its default.
SCHEMES = {
    rsa.RSAPrivateKey: {"pkcs1v15": pkcs1v15, "pss": pss},
    ec.EllipticCurvePrivateKey: {"ecdsa-der": ecdsa_der, "ecdsa-raw": ecdsa_raw},
    ed25519.Ed25519PrivateKey: {"ed25519": ed25519_pure},
}


def signature(job):
    key = load_key(job["private_key_file"])
    schemes = next(schemes for kind, schemes in SCHEMES.items() if isinstance(key, kind))
    scheme = job.get("scheme") or next(iter(schemes))
    if scheme not in schemes:
        raise ValueError(f"scheme {scheme} does not fit this key")
    return schemes[scheme](key, base64.b64decode(job["message_base64"]), jobs.HASHES[job["hash"]])


def sign(job):
    result = {"id": job["id"], "signature_base64": None, "error": None}
    try:
        result["signature_base64"] = base64.b64encode(signature(job)).decode()
    except Exception as error:
        result["error"] = f"{type(error).__name__}: {error}"
    return result


def main():
    asked = json.load(sys.stdin)["jobs"]
    if len(asked) < 1000:
        results = list(map(sign, asked))
    else:
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            results = list(pool.map(sign, asked, chunksize=500))
    json.dump({"results": results}, sys.stdout)


if __name__ == "__main__":
    main()
