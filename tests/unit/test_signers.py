"""Whose signatures of resources count; openssl has made them, and their keys."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from pagebell.signers import Signers

pytestmark = pytest.mark.interop("openssl")
DATA = b"a resource"
DIGEST = hashlib.sha256(DATA).digest()
KEYS = {
    "rsa": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
    "p256": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
    "p384": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"),
    "weak": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"),
    "ed25519": ("-algorithm", "ED25519"),
}
PSS = ("-sigopt", "rsa_padding_mode:pss")


def openssl(*arguments: str | Path, octets: bytes = b"") -> bytes:
    done = subprocess.run(["openssl", *arguments], input=octets, capture_output=True, check=True)
    return done.stdout


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with private keys, `NAME.key`, public ones, `NAME.pub`, and certificates, `NAME.crt`."""
    folder = tmp_path_factory.mktemp("keys")
    for name, how in KEYS.items():
        key = folder / f"{name}.key"
        openssl("genpkey", *how, "-out", key)
        openssl("pkey", "-in", key, "-pubout", "-out", folder / f"{name}.pub")
        openssl("req", "-x509", "-key", key, "-subj", "/CN=maker", "-out", folder / f"{name}.crt")
    return folder


def signed(key: Path, *how: str, data: bytes = DATA) -> bytes:
    return openssl("dgst", "-sha256", "-sign", key, *how, octets=data)


@pytest.mark.parametrize(("name", "how"), [("rsa", ()), ("rsa", PSS), ("p256", ()), ("p384", ())])
@pytest.mark.parametrize("kind", ["pub", "crt"])
def test_signature_of_one_who_is_trusted_counts_for_what_was_signed(
    keys: Path, name: str, how: tuple[str, ...], kind: str
) -> None:
    signers = Signers.of([str(keys / f"{other}.{kind}") for other in ("rsa", "p256", "p384")])
    assert signers.is_signed(signed(keys / f"{name}.key", *how), DIGEST)
    assert not signers.is_signed(signed(keys / f"{name}.key", *how, data=b"another"), DIGEST)


def test_signature_of_anybody_else_does_not_count(keys: Path) -> None:
    assert not Signers.of([str(keys / "p256.pub")]).is_signed(signed(keys / "p384.key"), DIGEST)
    assert not Signers.of([]).is_signed(signed(keys / "p256.key"), DIGEST)
    for octets in (b"", b"x", bytes(256)):
        assert not Signers.of([str(keys / "rsa.pub"), str(keys / "p256.pub")]).is_signed(octets, DIGEST)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("weak.pub", "neither ECDSA nor RSA of 2048 bits"),
        ("ed25519.pub", "neither ECDSA nor RSA"),
        ("rsa.key", "no public key or certificate"),
        ("missing", "can't be read"),
    ],
)
def test_key_that_can_not_be_used_is_told(keys: Path, name: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Signers.of([str(keys / name)])
