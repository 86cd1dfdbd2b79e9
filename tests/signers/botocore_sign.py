"""Signs with botocore.signers.CloudFrontSigner, the key work done by `cryptography`."""

from datetime import datetime, timezone
from functools import cache

import botocore
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

import jobs

load_key = cache(jobs.load_key)


def sign_with(path, hash_name):
    key, algorithm = load_key(path), jobs.HASHES[hash_name]
    if isinstance(key, rsa.RSAPrivateKey):
        return lambda message: key.sign(message, padding.PKCS1v15(), algorithm)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return lambda message: key.sign(message, ec.ECDSA(algorithm))
    raise jobs.Unsupported(f"{type(key).__name__}")


def date(seconds):
    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc)


def sign(job):
    signer = CloudFrontSigner(job["key_pair_id"], sign_with(job["private_key_file"], job["hash"]))
    expires = date(job["expires"])
    policy = job.get("policy")
    if policy is None and any(job.get(name) is not None for name in ("not_before", "ip", "resource")):
        policy = signer.build_policy(
            job.get("resource") or job["url"],
            expires,
            date_greater_than=date(job.get("not_before")),
            ip_address=job.get("ip"),
        )
    if job["kind"] == "cookies":
        return cookies(signer, job, expires, policy)

    if policy is None:
        url = signer.generate_presigned_url(job["url"], date_less_than=expires)
    else:
        url = signer.generate_presigned_url(job["url"], policy=policy)
    # The library knows nothing of hashes: its user has to add the parameter.
    return url + ("&Hash-Algorithm=SHA256" if job["hash"] == "SHA256" else "")


def cookies(signer, job, expires, policy):
    """botocore makes no cookies itself; these are its parts put together as its users do."""
    encode = lambda data: signer._url_b64encode(data).decode()
    if policy is None:
        message = signer.build_policy(job["url"], expires).encode()
        made = {"CloudFront-Expires": str(job["expires"])}
    else:
        message = policy.encode()
        made = {"CloudFront-Policy": encode(message)}
    made["CloudFront-Signature"] = encode(signer.rsa_signer(message))
    made["CloudFront-Key-Pair-Id"] = job["key_pair_id"]
    if job["hash"] == "SHA256":
        made["CloudFront-Hash-Algorithm"] = "SHA256"
    return made


jobs.run(f"botocore {botocore.__version__}", sign)
