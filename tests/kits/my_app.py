"""An application's signing, as README.md takes it to be there."""

from datetime import datetime, timezone

from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding


def link(url, key_pair_id, private_key, end):
    key = serialization.load_pem_private_key(private_key.encode(), password=None)
    signer = CloudFrontSigner(key_pair_id, lambda message: key.sign(message, padding.PKCS1v15(), hashes.SHA1()))
    return signer.generate_presigned_url(url, date_less_than=datetime.fromtimestamp(end, timezone.utc))
