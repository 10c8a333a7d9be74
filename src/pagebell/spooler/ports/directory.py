"""Who is who."""

from __future__ import annotations

from typing import Protocol

from pagebell.model.access import Identity, Principal


class Directory(Protocol):
    """Who is who: the people that may come in, and what they may do."""

    async def principal(self, who: Identity | None, host: str) -> Principal:
        """Somebody who has proved to be `who` (None: nobody in particular), with the rights that follow."""
        ...

    async def nt_hash(self, name: str) -> bytes | None:
        """What NTLM needs to check a proof; None for somebody unknown. Names do not differ by case."""
        ...

    async def prove(self, name: str, password: str) -> Identity | None:
        """Who that is, if it is the password; an unknown name takes as long as a wrong password."""
        ...

    async def edition(self, name: str) -> str:
        """Another text whenever the user's password may be another."""
        ...

    async def has_passwords(self) -> bool:
        """Whether there is anybody whose password could be checked."""
        ...
