"""Security identifiers of this server's own users and groups ([MS-DTYP] 2.4.2), which security descriptors speak of.

They are computed of the server's UUID and a name, and stored nowhere: who is let in again under a name of before is
the same somebody, as for jobs.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from uuid import UUID

_FIRST_RID = 1000
"""Those below are well known."""
_SID = re.compile(r"S-1-\d{1,14}(-\d{1,10}){1,15}", re.IGNORECASE)
_LARGEST = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Identifiers:
    """The server's own part of S-1-5-21, like that of a Windows machine."""

    server: UUID

    @property
    def machine(self) -> str:
        """What all of them begin with."""
        digest = hashlib.sha256(self.server.bytes).digest()
        parts = (str(int.from_bytes(digest[n : n + 4], "big")) for n in (0, 4, 8))
        return "-".join(("S-1-5-21", *parts))

    def user(self, name: str) -> str:
        """Of a user; names do not differ by case."""
        return self._of(f"user {name.casefold()}")

    def group(self, name: str) -> str:
        """Of a group."""
        return self._of(f"group {name.casefold()}")

    def _of(self, what: str) -> str:
        number = (
            int.from_bytes(hashlib.sha256(what.encode("utf-8", "surrogatepass")).digest()[:4], "big") >> 1
        )
        return f"{self.machine}-{max(number, _FIRST_RID)}"


def is_identifier(word: str) -> bool:
    """Whether it is a security identifier, and not a name."""
    return _SID.fullmatch(word) is not None and all(int(part) <= _LARGEST for part in word.split("-")[3:])
