"""What administrators say of the server itself: the System object's description (PWG 5100.22 7.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pagebell.model.names import label


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom people turn to (PWG 5100.22 7.2.29)."""

    name: str = ""
    uri: str = ""
    vcard: tuple[str, ...] = ()
    """Pieces of a vCard (RFC 6350)."""


NOBODY: Final = Contact()
"""Nobody has said who that is."""


@dataclass(frozen=True, slots=True)
class SystemDescription:
    """What can be set of the server itself, besides which printer is the default one."""

    name: str = "Pagebell"
    info: str = "Pagebell print server"
    location: str = ""
    geo_location: str = ""
    """A `geo:` URI (RFC 5870); empty where nobody has said."""
    contact: Contact = NOBODY
    service_contact: Contact = NOBODY
    """Who maintains it."""
    asset_tag: bytes = b""
    dns_sd_name: str = ""
    """By what the network shall know it (DNS-SD), as far as nobody else there is called so; empty for `name`."""

    @property
    def title(self) -> str:
        """The name that it would have on the network with nobody else around (PWG 5100.22 7.2.32)."""
        return self.dns_sd_name or label(self.name) or "System"


UNDESCRIBED: Final = SystemDescription()
