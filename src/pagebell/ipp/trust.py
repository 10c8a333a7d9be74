"""Which certificates a client takes, and how the connections that it makes with them are called in proofs."""

from __future__ import annotations

import ssl
from functools import cached_property
from typing import Any


class Trust:
    """TLS contexts for one client; `verify` may also be one of somebody else's, of which nothing is noted."""

    def __init__(self, verify: bool | ssl.SSLContext = True) -> None:
        self._verify = verify
        self._seen: dict[str, bytes] = {}

    @cached_property
    def context(self) -> ssl.SSLContext:
        """What connections are made with; it takes long to make, and not every client needs it."""
        if isinstance(self._verify, ssl.SSLContext):
            return self._verify
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        if not self._verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        context.sslobject_class = self._noting()
        return context

    def channel(self, host: str) -> bytes:
        """The channel binding of the newest connection to a host (RFC 5929 4); empty for none that is known."""
        from pagebell.dcerpc.channel import tls_server_end_point  # noqa: PLC0415 - it takes its time to load

        certificate = self._seen.get(host)
        return tls_server_end_point(certificate) if certificate else b""

    def _noting(self) -> type[ssl.SSLObject]:
        """Streams that tell whose certificate they have seen: the answers of aiohttp may have lost theirs already."""
        seen = self._seen

        class Noting(ssl.SSLObject):
            def do_handshake(self) -> None:
                super().do_handshake()
                certificate: Any = self.getpeercert(binary_form=True)
                if self.server_hostname and certificate:
                    seen[self.server_hostname] = certificate

        return Noting
