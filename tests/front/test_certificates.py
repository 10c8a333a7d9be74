"""The server's certificate: made when there is none, the operator's where there is one, and changed while it runs."""

from __future__ import annotations

import ipaddress
import logging
import os
import shutil
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pagebell.http import certificates as module
from pagebell.http.certificates import CertificateError, Certificates, make_context, own_certificate


def names(certificate: Path) -> x509.SubjectAlternativeName:
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    return found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value


def test_certificate_is_made_for_names_and_addresses(tmp_path: Path) -> None:
    certificate, key = own_certificate(tmp_path / "tls", "192.0.2.7")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    public = found.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    assert public.curve.name == "secp256r1"
    assert "localhost" in names(certificate).get_values_for_type(x509.DNSName)
    addresses = names(certificate).get_values_for_type(x509.IPAddress)
    assert ipaddress.ip_address("192.0.2.7") in addresses
    assert ipaddress.ip_address("::1") in addresses
    make_context(certificate, key)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "no such name!", "ümlaut.test", "x" * 70])
def test_any_address_to_listen_on_will_do(tmp_path: Path, host: str) -> None:
    make_context(*own_certificate(tmp_path, host))


def test_certificate_is_kept(tmp_path: Path) -> None:
    certificate, _ = own_certificate(tmp_path, "127.0.0.1")
    before = certificate.read_bytes()
    assert own_certificate(tmp_path, "127.0.0.2")[0].read_bytes() == before


@pytest.mark.parametrize("lost", ["key.pem", "certificate.pem"])
def test_half_of_a_pair_is_made_anew(tmp_path: Path, lost: str) -> None:
    pair = own_certificate(tmp_path, "127.0.0.1")
    (tmp_path / lost).unlink()
    assert own_certificate(tmp_path, "127.0.0.1") == pair
    make_context(*pair)


def test_expired_certificate_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(module, "LIFE", timedelta(seconds=-1))
        own_certificate(tmp_path, "127.0.0.1")
    certificate, _ = own_certificate(tmp_path, "127.0.0.1")
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    assert found.not_valid_after_utc > datetime.now(UTC)


def test_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CertificateError, match="file/tls"):
        own_certificate(tmp_path / "file" / "tls", "127.0.0.1")


class Now:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        self.time += 2.0
        return self.time


def test_new_certificate_is_used_for_new_connections(tmp_path: Path) -> None:
    certificate, key = own_certificate(tmp_path / "a", "127.0.0.1")
    used = Certificates(certificate, key, Now())
    old = used.context()
    assert used.context() is old
    for new, place in zip(own_certificate(tmp_path / "b", "127.0.0.1"), (certificate, key), strict=True):
        shutil.copy(new, place)
    assert used.context() is not old


def test_files_are_not_looked_at_all_the_time(tmp_path: Path) -> None:
    certificate, key = own_certificate(tmp_path / "a", "127.0.0.1")
    used = Certificates(certificate, key, lambda: 0.0)
    old = used.context()
    os.utime(certificate, ns=(1, 1))
    assert used.context() is old


@pytest.mark.parametrize("octets", [b"", b"nonsense", None], ids=["empty", "nonsense", "missing"])
def test_broken_new_certificate_is_told_and_the_old_one_stays(
    tmp_path: Path, octets: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    certificate, key = own_certificate(tmp_path, "127.0.0.1")
    good = certificate.read_bytes()
    used = Certificates(certificate, key, Now())
    old = used.context()
    certificate.unlink()
    if octets is not None:
        certificate.write_bytes(octets)
    with caplog.at_level(logging.ERROR):
        assert used.context() is old
        assert used.context() is old
    assert len(caplog.records) == 1
    assert str(certificate) in caplog.text
    certificate.write_bytes(good)
    assert used.context() is not old


def test_key_of_another_certificate_is_told(tmp_path: Path) -> None:
    certificate, _ = own_certificate(tmp_path / "a", "127.0.0.1")
    _, key = own_certificate(tmp_path / "b", "127.0.0.1")
    with pytest.raises(CertificateError, match="does not belong to"):
        Certificates(certificate, key)


def test_key_with_a_passphrase_is_told(tmp_path: Path) -> None:
    certificate, key = own_certificate(tmp_path, "127.0.0.1")
    opened = serialization.load_pem_private_key(key.read_bytes(), None)
    key.write_bytes(
        opened.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(CertificateError, match="is encrypted"):
        Certificates(certificate, key)
