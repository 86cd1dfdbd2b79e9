"""Signs links and cookies for CloudFront with botocore and `cryptography`."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Mapping, Optional
from urllib.parse import quote

from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


@dataclass(frozen=True)
class Settings:
    """The base URL of the films, and the signing key."""

    base_url: str
    key_pair_id: str
    private_key_file: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Reads CLOUDFRONT_BASE_URL, CLOUDFRONT_KEY_PAIR_ID and CLOUDFRONT_PRIVATE_KEY_FILE."""
        return cls(
            environment["CLOUDFRONT_BASE_URL"].rstrip("/"),
            environment["CLOUDFRONT_KEY_PAIR_ID"],
            environment["CLOUDFRONT_PRIVATE_KEY_FILE"],
        )


class Signer:
    """Creates links and cookies with one key."""

    def __init__(self, settings: Settings) -> None:
        self.base_url = settings.base_url
        self.key_pair_id = settings.key_pair_id
        key = serialization.load_pem_private_key(Path(settings.private_key_file).read_bytes(), password=None)
        assert isinstance(key, rsa.RSAPrivateKey), "CloudFront takes RSA keys from this application"
        self.cloudfront = CloudFrontSigner(
            self.key_pair_id, lambda message: key.sign(message, padding.PKCS1v15(), hashes.SHA1())
        )

    def url(self, path: str) -> str:
        """Returns the URL of a file. It is encoded here, once, and signed as it is handed out."""
        return f"{self.base_url}/{quote(path)}"

    def link(self, path: str, end: datetime, start: Optional[datetime] = None, address: Optional[str] = None) -> str:
        """Returns a link for one file; canned, which is shorter, if its end is the only condition."""
        url = self.url(path)
        if start is None and address is None:
            return str(self.cloudfront.generate_presigned_url(url, date_less_than=end))
        policy = self.cloudfront.build_policy(url, end, date_greater_than=start, ip_address=address)
        return str(self.cloudfront.generate_presigned_url(url, policy=policy))

    def cookies(self, folder: str, end: datetime) -> dict[str, str]:
        """Returns cookies for everything in a directory: a playlist and its segments."""
        policy = self.cloudfront.build_policy(f"{self.url(folder)}/*", end).encode()
        return {
            "CloudFront-Policy": _encoded(policy),
            "CloudFront-Signature": _encoded(self.cloudfront.rsa_signer(policy)),
            "CloudFront-Key-Pair-Id": self.key_pair_id,
        }


def _encoded(data: bytes) -> str:
    """Encodes as CloudFront's base64."""
    return base64.b64encode(data).decode().translate(str.maketrans("+=/", "-_~"))
