"""Security identifiers of this server's own users and groups ([MS-DTYP] 2.4.2), which security descriptors speak of.

They are computed of the server's UUID and a name, and stored nowhere: who is let in again under a name of before is
the same somebody, as for jobs.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

_REMEMBERED = 4096
_FIRST_RID = 1000
"""Those below are well known."""
_SID = re.compile(r"S-1-\d{1,14}(-\d{1,10}){1,15}", re.IGNORECASE)
_LARGEST = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Identifiers:
    """The server's own part of S-1-5-21, like that of a Windows machine's."""

    server: UUID

    def user(self, name: str) -> str:
        """Of a user; names do not differ by case."""
        return _identifier(self.server, f"user {name.casefold()}")

    def group(self, name: str) -> str:
        """Of a group."""
        return _identifier(self.server, f"group {name.casefold()}")


@lru_cache(maxsize=_REMEMBERED)
def _identifier(server: UUID, what: str) -> str:
    machine = hashlib.sha256(server.bytes).digest()
    parts = [int.from_bytes(machine[n : n + 4], "big") for n in (0, 4, 8)]
    digest = hashlib.sha256(what.encode("utf-8", "surrogatepass")).digest()
    parts.append(max(int.from_bytes(digest[:4], "big") >> 1, _FIRST_RID))
    return "-".join(("S-1-5-21", *map(str, parts)))


def is_identifier(word: str) -> bool:
    """Whether it is a security identifier, and not a name."""
    return _SID.fullmatch(word) is not None and all(int(part) <= _LARGEST for part in word.split("-")[3:])
