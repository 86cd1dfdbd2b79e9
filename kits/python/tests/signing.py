"""Signs as applications do: botocore's signer, and `cryptography` for the key."""

from __future__ import annotations

import base64
from datetime import datetime, timezone
from typing import Callable, Optional, Union

from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from frontgate import Edge, KeyPair

START = datetime(2030, 1, 1, tzinfo=timezone.utc)
END = datetime(2033, 1, 1, tzinfo=timezone.utc)


def cloudfront_signer(key: Union[Edge, KeyPair]) -> CloudFrontSigner:
    private_key = serialization.load_pem_private_key(key.private_key_pem.encode(), None)
    assert isinstance(private_key, rsa.RSAPrivateKey)
    return CloudFrontSigner(key.key_pair_id, lambda message: private_key.sign(message, padding.PKCS1v15(), hashes.SHA1()))


def signer_of(edge: Edge) -> Callable[..., str]:
    """A function that signs a path of the edge, or a whole URL."""
    signer = cloudfront_signer(edge)

    def sign(
        url: str,
        *,
        end: datetime = END,
        start: Optional[datetime] = None,
        ip: Optional[str] = None,
        resource: Optional[str] = None,
    ) -> str:
        whole = edge.url + url if url.startswith("/") else url
        if start is None and ip is None and resource is None:
            return str(signer.generate_presigned_url(whole, date_less_than=end))
        policy = signer.build_policy(resource or whole, end, date_greater_than=start, ip_address=ip)
        return str(signer.generate_presigned_url(whole, policy=policy))

    return sign


def in_milliseconds(edge: Edge, path: str) -> str:
    """A canned link whose end was counted in milliseconds."""
    url, expires = edge.url + path, int(END.timestamp()) * 1000
    policy = f'{{"Statement":[{{"Resource":"{url}","Condition":{{"DateLessThan":{{"AWS:EpochTime":{expires}}}}}}}]}}'
    signed = str(cloudfront_signer(edge).generate_presigned_url(url, policy=policy))
    return f"{url}?Expires={expires}&" + signed.split("&", 1)[1]


def signed_cookies(edge: Edge, resource: str, end: datetime = END) -> dict[str, str]:
    signer = cloudfront_signer(edge)
    policy = signer.build_policy(resource, end, date_greater_than=START).encode()
    return {
        "CloudFront-Policy": _encoded(policy),
        "CloudFront-Signature": _encoded(signer.rsa_signer(policy)),
        "CloudFront-Key-Pair-Id": edge.key_pair_id,
    }


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode().translate(str.maketrans("+=/", "-_~"))
