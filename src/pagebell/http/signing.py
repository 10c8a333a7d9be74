"""Signatures of webhooks: HMAC-SHA256 as the Standard Webhooks specification has it, version `v1`.

A secret is 24 to 64 octets, written as `whsec_` and base64. Signed is `ID.TIMESTAMP.BODY`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Final

PREFIX: Final = "whsec_"
_SHORTEST, _LONGEST = 24, 64


def new_secret() -> str:
    """A secret that nobody can guess."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """The octets of a secret. Raises ValueError, without telling the secret."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not _SHORTEST <= len(key) <= _LONGEST:
        raise ValueError(f"a secret is {PREFIX} and the base64 of {_SHORTEST} to {_LONGEST} octets")
    return key


def signature(keys: tuple[bytes, ...], message: str, timestamp: int, body: bytes) -> str:
    """The value of the header `webhook-signature`: one signature by each key, with a blank between."""
    signed = f"{message}.{timestamp}.".encode() + body
    return " ".join(
        "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys
    )
