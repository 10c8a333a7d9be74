"""The server's certificate: the operator's or one of our own making, taken up again when its files change."""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pagebell.dcerpc.channel import tls_server_end_point

log = logging.getLogger(__name__)

CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2: forward secrecy and authenticated encryption only (RFC 9325 4.2). TLS 1.3 has no others."""
LIFE: Final = timedelta(days=3650)
"""Clients that trust a self-signed certificate at first sight, as CUPS does, are to see the same one for long."""
LOOK_EVERY: Final = 1.0
"""Seconds between two looks whether the files have changed."""
_ROUTES: Final = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
"""Addresses for documentation (RFC 5737, RFC 3849): nothing is sent there, only a way is looked up."""

Stamp = tuple[tuple[int, int, int], ...]


class CertificateError(Exception):
    """The certificate or its key can't be used; `str()` of it says which and why."""


class ServerContext(ssl.SSLContext):
    """A context that knows whose server it makes one."""

    end_point = b""
    """The channel binding of its connections (RFC 5929 4): a hash of the certificate, behind the binding's name."""


class Certificates:
    """The TLS context for new connections. Raises CertificateError when the first one can't be made."""

    def __init__(self, certificate: Path, key: Path, now: Callable[[], float] = time.monotonic) -> None:
        self._files = (certificate, key)
        self._now = now
        self._looked = now()
        self._stamp = _stamp(self._files)
        self._context = make_context(certificate, key)

    def context(self) -> ServerContext:
        """The newest context that could be made; connections that are open keep theirs."""
        if self._now() - self._looked >= LOOK_EVERY:
            self._looked = self._now()
            self._look()
        return self._context

    def _look(self) -> None:
        stamp = _stamp(self._files)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._context = make_context(*self._files)
        except CertificateError as error:
            log.error("the new certificate is not taken, the old one stays: %s", error)
        else:
            log.info("%s has changed and is used from now on", self._files[0])


def _stamp(files: Iterable[Path]) -> Stamp:
    """What tells that a file is another one; all zero where there is none."""
    found = []
    for file in files:
        try:
            status = file.stat()
        except OSError:
            found.append((0, 0, 0))
        else:
            found.append((status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(found)


def make_context(certificate: Path, key: Path) -> ServerContext:
    """Read the files. Raises CertificateError."""
    context = ServerContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.set_alpn_protocols(["http/1.1"])
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    for file in (certificate, key):
        try:
            file.open("rb").close()
        except OSError as error:
            raise CertificateError(f"{file} can't be read: {error.strerror}") from None
    try:
        context.load_cert_chain(certificate, key, password=_no_passphrase)
    except _Encrypted:
        raise CertificateError(f"the key in {key} is encrypted; store it without a passphrase") from None
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise CertificateError(f"the key in {key} does not belong to {certificate}") from None
        raise CertificateError(
            f"{certificate} and {key} are not a certificate and its key in PEM ({error.reason or 'unreadable'})"
        ) from None
    own = x509.load_pem_x509_certificate(certificate.read_bytes())
    context.end_point = tls_server_end_point(own.public_bytes(serialization.Encoding.DER))
    return context


class _Encrypted(Exception):
    """The key needs a passphrase."""


def _no_passphrase() -> bytes:
    """Keeps OpenSSL from asking at the terminal."""
    raise _Encrypted


def own_certificate(folder: Path, *called: str) -> tuple[Path, Path]:
    """The certificate and key that we have made in `folder`, made now where there is none that is valid.

    `called` is what else the server is reached by: names and addresses. Raises CertificateError.
    """
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    try:
        if _serves(certificate) and key.exists():
            return certificate, key
        folder.mkdir(mode=0o700, exist_ok=True)
        made = _self_signed([*_names(), *called], datetime.now(UTC))
        # The key first: a crash in between leaves a certificate missing, never one that does not fit.
        certificate.unlink(missing_ok=True)
        _write(key, made[1], 0o600)
        _write(certificate, made[0], 0o644)
    except OSError as error:
        raise CertificateError(f"no certificate can be made in {folder}: {error.strerror}") from None
    log.debug("made a self-signed certificate in %s", certificate)
    return certificate, key


def _serves(certificate: Path) -> bool:
    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
    except (FileNotFoundError, ValueError):
        return False
    return found.not_valid_after_utc > datetime.now(UTC)


def _write(path: Path, octets: bytes, mode: int) -> None:
    """The file is there whole, with its mode from the beginning, or not at all."""
    half = path.with_suffix(".new")
    half.unlink(missing_ok=True)
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)


def _names() -> list[str]:
    """What this computer is called by, without asking the network."""
    name = socket.gethostname()
    short = name.partition(".")[0]
    found = [name, short, f"{short}.local", "localhost", "127.0.0.1", "::1"]
    for family, nowhere in _ROUTES:
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as way:
            way.connect((nowhere, 9))
            found.append(str(way.getsockname()[0]))
    return found


def _self_signed(names: Iterable[str], now: datetime) -> tuple[bytes, bytes]:
    """A certificate for these names and addresses, and its key; both PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    others = dict.fromkeys(filter(None, map(_general_name, names)))
    called = next((str(one.value) for one in others if isinstance(one, x509.DNSName)), "Pagebell")
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, called[:64])])
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,  # it is its own issuer
        **dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment"), False),
        **dict.fromkeys(("key_agreement", "crl_sign", "encipher_only", "decipher_only"), False),
    )
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # for clients whose clocks are slow
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectAlternativeName(others), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.public_bytes(pem), secret


def _general_name(name: str) -> x509.GeneralName | None:
    """A name or an address for the subject's alternative names; None for what means every address or is neither."""
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        try:
            return x509.DNSName(name.encode("idna").decode()) if name else None
        except UnicodeError:
            return None
    return None if address.is_unspecified else x509.IPAddress(address)
