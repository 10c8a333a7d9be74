"""Whose signatures of resources count: the public keys that an administrator trusts (PWG 5100.22 14.5).

A signature is one of FIPS 186 over the SHA-256 of the resource's octets: RSA, as PKCS #1 1.5 or PSS, or ECDSA in DER.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

_DIGEST: Final = Prehashed(SHA256())
_LEAST_BITS: Final = 2048
"""Of an RSA key (FIPS 186-5 5.1)."""
Verify = Callable[[bytes, bytes], None]
"""Takes a signature and a digest. Raises InvalidSignature."""


class Signers:
    """`ports.Signers`: each of the keys counts for any resource."""

    def __init__(self, verifiers: Iterable[Verify]) -> None:
        self._verifiers = tuple(verifiers)

    @classmethod
    def of(cls, files: Iterable[str]) -> Self:
        """Those whose keys or certificates are in these files, in PEM. Raises ValueError that names the file."""
        return cls([verifier for name in files for verifier in _verifiers(Path(name).expanduser())])

    def is_signed(self, signature: bytes, digest: bytes) -> bool:
        """Whether one of them has signed what has that SHA-256."""
        for verify in self._verifiers:
            try:
                verify(signature, digest)
            except InvalidSignature:
                continue
            return True
        return False


def _verifiers(path: Path) -> list[Verify]:
    try:
        pem = path.read_bytes()
        if b"-----BEGIN CERTIFICATE-----" in pem:
            key = x509.load_pem_x509_certificate(pem).public_key()
        else:
            key = load_pem_public_key(pem)  # type: ignore[assignment]
    except OSError as error:
        raise ValueError(f"{path} can't be read: {error.strerror}") from None
    except ValueError:
        raise ValueError(f"{path} has no public key or certificate in PEM") from None
    if isinstance(key, ec.EllipticCurvePublicKey):
        return [lambda signature, digest: key.verify(signature, digest, ec.ECDSA(_DIGEST))]
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _LEAST_BITS:
        pss = padding.PSS(padding.MGF1(SHA256()), padding.PSS.AUTO)
        return [
            lambda signature, digest: key.verify(signature, digest, padding.PKCS1v15(), _DIGEST),
            lambda signature, digest: key.verify(signature, digest, pss, _DIGEST),
        ]
    raise ValueError(f"the key in {path} is neither ECDSA nor RSA of {_LEAST_BITS} bits or more")
