"""A printer's own icon, which is a resource of its server (PWG 5100.22)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from pagebell.ipp import registry as r
from pagebell.ipp.addresses import SYSTEM_PATH, parse_address
from pagebell.ipp.administration import printer_uri
from pagebell.ipp.client import Client
from pagebell.ipp.errors import BadAnswer, IppError, OptionError
from pagebell.ipp.message import Group, Message
from pagebell.ipp.registry import Op
from pagebell.ipp.upload import Upload, file_format
from pagebell.ipp.values import Attribute, GroupTag

_FORMAT: Final = "image/png"
"""What printer-icons are (PWG 5100.13 6.5.18)."""


async def set_icon(client: Client, name: str, file: Path) -> None:
    """Show that PNG image for a printer, in the place of what was shown before.

    Raises OSError, OptionError for another kind of file, and IppError.
    """
    if await file_format(file) != _FORMAT:
        raise OptionError(f"{file} is no PNG image.")
    path = parse_address(printer_uri(client, name)).path
    kind = r.resource_type("static-image")
    named = Group.of(GroupTag.RESOURCE, r.resource_name(file.name[:60]), r.resource_info(f"Icon of {name}"))
    made = await _on_system(client, Op.CREATE_RESOURCE, kind, groups=[named])
    number = _number(client, made.group(GroupTag.RESOURCE))
    try:
        await _on_system(
            client,
            *(Op.SEND_RESOURCE_DATA, r.resource_id(number), r.resource_format(_FORMAT)),
            upload=Upload(file),
        )
        await _on_system(client, Op.INSTALL_RESOURCE, r.resource_id(number))
        asked = (r.resource_types("static-image"), r.requested_attributes("resource-id"))
        held = await client.call(Op.GET_PRINTER_RESOURCES, *asked, path=path)
        old = [_number(client, group) for group in held.groups_of(GroupTag.RESOURCE)]
        await client.call(Op.ALLOCATE_PRINTER_RESOURCES, r.resource_ids(number), path=path)
    except (OSError, IppError):
        with suppress(IppError):
            await _on_system(client, Op.CANCEL_RESOURCE, r.resource_id(number))
        raise
    if old:
        await client.call(Op.DEALLOCATE_PRINTER_RESOURCES, r.resource_ids(*old), path=path)
    for gone in old:
        await _on_system(client, Op.CANCEL_RESOURCE, r.resource_id(gone))


async def _on_system(
    client: Client,
    operation: Op,
    *attributes: Attribute,
    groups: Sequence[Group] = (),
    upload: Upload | None = None,
) -> Message:
    return await client.call(operation, *attributes, groups=groups, path=SYSTEM_PATH, upload=upload)


def _number(client: Client, group: Group | None) -> int:
    number: int | None = None if group is None else group.get(r.resource_id)
    if number is None:
        raise BadAnswer(client.uri, "its answer tells nothing of the resource")
    return number
