"""Writes the key pairs of the tests into the folder argv[1], leaving alone those already there."""

import fcntl
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

import jobs

KEYS = {
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "rsa2": lambda: rsa.generate_private_key(65537, 2048),
    "rsa1024": lambda: rsa.generate_private_key(65537, 1024),
    "rsa4096": lambda: rsa.generate_private_key(65537, 4096),
    "ecdsa": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ecdsa2": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
}


def write(path, data):
    """Never half a file: the name appears with its content."""
    if not path.exists():
        part = path.with_suffix(".part")
        part.write_bytes(data)
        part.replace(path)


def private(key, form):
    return key.private_bytes(Encoding.PEM, form, NoEncryption())


def public(key, form=PublicFormat.SubjectPublicKeyInfo):
    return key.public_key().public_bytes(Encoding.PEM, form)


folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
with open(folder / ".lock", "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    for name, generate in KEYS.items():
        path = folder / f"{name}.private.pem"
        if not path.exists():
            write(path, private(generate(), PrivateFormat.PKCS8))
        write(folder / f"{name}.public.pem", public(jobs.load_key(path)))
    key = jobs.load_key(folder / "rsa.private.pem")
    write(folder / "rsa-pkcs1.private.pem", private(key, PrivateFormat.TraditionalOpenSSL))
    write(folder / "rsa-pkcs1.public.pem", public(key, PublicFormat.PKCS1))
    key = jobs.load_key(folder / "ecdsa.private.pem")
    write(folder / "ecdsa-sec1.private.pem", private(key, PrivateFormat.TraditionalOpenSSL))
