"""What an encrypted connection is called in proofs that are for it alone: channel bindings (RFC 5056, RFC 5929)."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes


def tls_server_end_point(certificate: bytes) -> bytes:
    """The octets that stand for a connection to the server with this certificate, in DER (RFC 5929 4.1).

    It is hashed as its signature is, but never by MD5 or SHA-1. Raises ValueError for octets that are no certificate.
    """
    found = x509.load_der_x509_certificate(certificate)
    algorithm = found.signature_hash_algorithm
    if algorithm is None or isinstance(algorithm, hashes.MD5 | hashes.SHA1):
        algorithm = hashes.SHA256()
    return b"tls-server-end-point:" + found.fingerprint(algorithm)
