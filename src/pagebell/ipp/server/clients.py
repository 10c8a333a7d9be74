"""With what a job was sent: "client-info" of a request, kept and told (PWG 5100.7)."""

from __future__ import annotations

from typing import Final

from pagebell.ipp import registry as r
from pagebell.ipp.attributes import Attr
from pagebell.ipp.message import Group
from pagebell.ipp.registry import ClientType
from pagebell.ipp.values import Attribute, Collection
from pagebell.model.job import ClientProgram

MOST_CLIENTS: Final = 4
"""max-client-info-supported: the first so many are kept."""
CLIENT_MEMBERS: Final = (
    *("client-name", "client-patches", "client-string-version", "client-type", "client-version"),
)


def read_clients(attributes: Group) -> tuple[ClientProgram, ...]:
    """The programs that a request names; those without a name are left out."""
    found = [_client(collection) for collection in attributes.all(r.client_info)[:MOST_CLIENTS]]
    return tuple(client for client in found if client.name)


def clients_attribute(clients: tuple[ClientProgram, ...]) -> Attribute | None:
    """A job's "client-info"; None where nobody has said."""
    return r.client_info(*map(_collection, clients)) if clients else None


def _client(collection: Collection) -> ClientProgram:
    kind = collection.first(r.client_type)
    return ClientProgram(
        name=_text(collection, r.client_name),
        version=collection.first(r.client_version) or b"",
        version_text=_text(collection, r.client_string_version),
        patches=_text(collection, r.client_patches),
        kind=None if kind is None else int(kind),
    )


def _text(collection: Collection, attr: Attr[str]) -> str:
    return collection.first(attr) or ""


def _collection(client: ClientProgram) -> Collection:
    members = [
        r.client_name(client.name),
        r.client_patches(client.patches),
        r.client_string_version(client.version_text),
        r.client_version(client.version) if client.version else r.client_version.no_value(),
    ]
    if client.kind is not None:
        members.append(r.client_type(ClientType(client.kind)))
    return Collection.of(*members)
