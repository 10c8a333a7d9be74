"""Who may sign resources, and whether they have."""

from __future__ import annotations

from typing import Protocol


class Signers(Protocol):
    """Those whose signatures count here (PWG 5100.22 14.5)."""

    def is_signed(self, signature: bytes, digest: bytes) -> bool:
        """Whether one of them has signed what has that SHA-256."""
        ...
