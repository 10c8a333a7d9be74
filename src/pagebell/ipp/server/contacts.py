"""Whom people turn to, as IPP collections (PWG 5100.22 7.2.29, table 10)."""

from __future__ import annotations

from typing import Final

from pagebell.ipp import registry as r
from pagebell.ipp.attributes import Attr
from pagebell.ipp.values import Attribute, Collection
from pagebell.model.system import NOBODY, Contact

_MEMBERS: Final = frozenset({r.contact_name.name, r.contact_uri.name, r.contact_vcard.name})


def contact_attribute(attr: Attr[Collection], contact: Contact) -> Attribute:
    """A contact; 'unknown' for nobody."""
    if contact == NOBODY:
        return attr.unknown()
    return attr(
        Collection.of(
            r.contact_name(contact.name),
            *((r.contact_uri(contact.uri),) if contact.uri else ()),
            *((r.contact_vcard(*contact.vcard),) if contact.vcard else ()),
        )
    )


def read_contact(attribute: Attribute) -> Contact | None:
    """The contact that somebody sets, as a whole; None where it has no name, or members that nobody has defined."""
    data = attribute.values[0].data
    if not isinstance(data, Collection):
        return NOBODY
    name = data.first(r.contact_name)
    if not name or not _MEMBERS.issuperset(data):
        return None
    return Contact(str(name), data.first(r.contact_uri) or "", tuple(map(str, data.all(r.contact_vcard))))
