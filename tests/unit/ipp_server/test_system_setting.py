"""What can be set of the server itself: PWG 5100.22 6.3.15 and 7.2, attribute by attribute."""

from __future__ import annotations

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Collection, Group, GroupTag, Message, Tag, Value
from pagebell.ipp.registry import Op
from pagebell.ipp.registry import Status as S
from pagebell.ipp.server import Service
from pagebell.model.access import SYSTEM
from pagebell.model.event import NO_PRINTER, PrinterName
from tests.unit.ipp_server.door import ADMIN, Door, door, first, status
from tests.unit.ipp_server.subscribing import events, subscribe

AT = "/ipp/system"
BOB = Collection.of(
    r.contact_name("Bob Smith"),
    r.contact_uri("mailto:bob@example.com"),
    r.contact_vcard("BEGIN:VCARD", "END:VCARD"),
)
SETTABLE = (
    r.system_asset_tag(b"42-\x00\xff"),
    r.system_contact_col(BOB),
    r.system_default_printer_id(2),
    r.system_dns_sd_name("Example System"),
    r.system_geo_location("geo:46.4,-80.9"),
    r.system_info("Prints transparencies"),
    r.system_location("Room 123A"),
    r.system_name("Example"),
    r.system_service_contact_col(Collection.of(r.contact_name("Service"))),
)


async def set_system(d: Door, *attributes: Attribute) -> Message:
    return await d.ask(
        Op.SET_SYSTEM_ATTRIBUTES, groups=[Group.of(GroupTag.SYSTEM, *attributes)], path=AT, user=ADMIN
    )


async def told(d: Door) -> Group:
    return first(await d.ask(Op.GET_SYSTEM_ATTRIBUTES, path=AT), GroupTag.SYSTEM)


async def test_what_is_settable_is_set_to_exactly_that_and_stays() -> None:
    """6.3.15: "set every supplied System Description attribute to exactly the supplied value"."""
    async with door() as d:
        await d.add("p2")
        assert (await told(d)).all(r.system_settable_attributes_supported) == [a.name for a in SETTABLE]
        assert status(await set_system(d, *SETTABLE)) is S.SUCCESSFUL_OK
        for _ in range(2):
            group = await told(d)
            assert [group.attributes[a.name] for a in SETTABLE] == list(SETTABLE)
            await d.restart()


async def test_what_is_not_known_is_told_as_unknown_and_can_be_again() -> None:
    """7.2.29, 7.2.33 and 7.2.41: (uri | unknown), (collection | unknown)."""
    unknown = [
        a.unknown() for a in (r.system_contact_col, r.system_geo_location, r.system_service_contact_col)
    ]
    async with door() as d:
        for _ in range(2):
            group = await told(d)
            assert [group.attributes[a.name] for a in unknown] == unknown
            await set_system(d, *SETTABLE[1:2], *SETTABLE[4:])
            assert status(await set_system(d, *unknown)) is S.SUCCESSFUL_OK


def of(attribute: Attribute, tag: Tag) -> Attribute:
    return Attribute(attribute.name, (Value(tag, None),))


NEW = r.system_info("new")
NAMELESS = r.system_contact_col(Collection.of(r.contact_uri("mailto:bob@example.com")))
STRANGE = r.system_contact_col(Collection.of(r.contact_name("Bob"), Attribute("x", (Value(Tag.INTEGER, 1),))))
LONG = Attribute("system-dns-sd-name", (Value(Tag.NAME, "x" * 64),))
TWO = Attribute("system-location", (Value(Tag.TEXT, "here"), Value(Tag.TEXT, "there")))


@pytest.mark.parametrize(
    ("sent", "returned"),
    [
        (r.system_make_and_model("x"), of(r.system_make_and_model("x"), Tag.NOT_SETTABLE)),
        (r.system_up_time(1), of(r.system_up_time(1), Tag.NOT_SETTABLE)),
        (r.charset_configured("us-ascii"), of(r.charset_configured("us-ascii"), Tag.NOT_SETTABLE)),
        (r.printer_info("x"), of(r.printer_info("x"), Tag.UNSUPPORTED)),
        (Attribute("x-y", (Value(Tag.INTEGER, 1),)), Attribute("x-y", (Value(Tag.UNSUPPORTED, None),))),
        (NAMELESS, NAMELESS),
        (STRANGE, STRANGE),
        (LONG, LONG),
        (TWO, TWO),
        *(
            (wrong, wrong)
            for wrong in (
                r.system_geo_location("https://example.com/here"),
                r.system_geo_location("geo:91,0"),
                r.system_dns_sd_name(""),
                r.system_dns_sd_name("two\nlines"),
                r.system_default_printer_id(9),
                r.system_default_printer_id.no_value(),
                r.system_name.unknown(),
                r.system_geo_location.no_value(),
                of(r.system_info("x"), Tag.DELETE_ATTRIBUTE),
                Attribute("system-info", (Value(Tag.INTEGER, 1),)),
            )
        ),
    ],
    ids=str,
)
async def test_what_can_not_be_set_is_told_and_nothing_is(sent: Attribute, returned: Attribute) -> None:
    """6.3.15: client-error-not-possible, "indicating which attributes and/or values cannot be set", as RFC 3380 4.1.3
    has them; "MUST NOT partially set"."""
    async with door() as d:
        before = await told(d)
        answer = await set_system(d, NEW, sent)
        assert status(answer) is S.CLIENT_ERROR_NOT_POSSIBLE
        assert first(answer, GroupTag.UNSUPPORTED).attributes == {returned.name: returned}
        assert await told(d) == before


async def test_operation_attribute_that_is_not_known_hinders_nothing() -> None:
    """RFC 8011 4.1.7: it is ignored, and told."""
    async with door() as d:
        group = Group.of(GroupTag.SYSTEM, NEW)
        op, copies = Op.SET_SYSTEM_ATTRIBUTES, r.copies(1)
        answer = await d.ask(op, copies, groups=[group], path=AT, user=ADMIN)
        assert status(answer) is S.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES
        assert (await told(d)).get(r.system_info) == "new"


async def test_change_is_counted_once_and_only_if_there_is_one() -> None:
    """7.3.8 and 9.2: a Set-System-Attributes operation that changes the value of any attribute."""
    async with door() as d:
        group = await subscribe(d, r.notify_events("system-config-changed"), path=AT)
        before = (await told(d)).get(r.system_config_changes) or 0
        await d.add("p2")
        for _ in range(2):
            await set_system(d, *SETTABLE)
        assert (await told(d)).get(r.system_config_changes) == before + 2
        assert len(await events(d, group)) == 2


async def test_name_on_the_network_is_that_of_the_system_unless_another_is_set_or_taken() -> None:
    """7.2.32: "the current DNS-SD service name", whose default is "based on the system-name attribute"."""
    async with door() as d:
        names: dict[str, str] = {}
        d.service = Service(d.spooler, announced=names.get)

        async def name() -> str | None:
            return (await told(d)).get(r.system_dns_sd_name)

        await set_system(d, r.system_name("Floor 2.1"))
        assert await name() == "Floor 2 1"
        await set_system(d, r.system_dns_sd_name("Ours"))
        assert await name() == "Ours"
        names[NO_PRINTER] = "Ours (2)"
        assert await name() == "Ours (2)"


async def test_new_printer_has_the_contact_of_its_system_unless_it_is_given_one() -> None:
    """7.6.1: "the value of the system-contact-col System Description attribute at the time of Printer Creation"."""
    own = r.printer_contact_col(Collection.of(r.contact_name("Eve")))
    async with door() as d:
        await set_system(d, r.system_contact_col(BOB))
        for name, more in (("mine", own), ("theirs", r.printer_info("x"))):
            new = Group.of(GroupTag.PRINTER, r.printer_name(name), more)
            await d.ask(Op.CREATE_PRINTER, r.printer_service_type("print"), groups=[new], path=AT, user=ADMIN)

        async def contact(name: str) -> Attribute:
            answer = await d.ask(Op.GET_PRINTER_ATTRIBUTES, path=f"/ipp/print/{name}")
            return first(answer, GroupTag.PRINTER).attributes["printer-contact-col"]

        assert await contact("mine") == own
        assert await contact("theirs") == r.printer_contact_col(BOB)
        assert await contact("p1") == r.printer_contact_col.unknown()
        for value in (own, r.printer_contact_col.unknown()):
            group = Group.of(GroupTag.PRINTER, value)
            await d.ask(Op.SET_PRINTER_ATTRIBUTES, groups=[group], user=ADMIN)
            assert await contact("p1") == value
        bad = Group.of(GroupTag.PRINTER, r.printer_contact_col(Collection.of(r.contact_name(""))))
        answer = await d.ask(Op.SET_PRINTER_ATTRIBUTES, groups=[bad], user=ADMIN)
        assert status(answer) is S.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED


async def test_new_printer_is_where_it_was_said_to_be() -> None:
    """7.2.23 and 6.3.1.1: all of printer-creation-attributes-supported are supported; a place on earth is one."""
    async with door() as d:
        for name, uri, expected in (
            ("here", "geo:46.4,-80.9", S.SUCCESSFUL_OK),
            ("nowhere", "geo:x", S.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES),
        ):
            new = Group.of(GroupTag.PRINTER, r.printer_name(name), r.printer_geo_location(uri))
            op, kind = Op.CREATE_PRINTER, r.printer_service_type("print")
            assert status(await d.ask(op, kind, groups=[new], path=AT, user=ADMIN)) is expected
        places = [d.spooler.printers.printer(PrinterName(n)).geo_location for n in ("here", "nowhere")]
        assert places == ["geo:46.4,-80.9", ""]


async def test_first_printer_is_the_default_one_also_after_all_were_removed() -> None:
    """6.3.1 and 7.2.31: "When the first Print Service is created on a System"."""
    async with door() as d:
        await d.spooler.printers.remove(PrinterName("p1"), SYSTEM)
        assert (await told(d)).attributes[
            "system-default-printer-id"
        ] == r.system_default_printer_id.no_value()
        answer = await d.ask(Op.GET_PRINTER_ATTRIBUTES, path="/ipp/print")
        assert status(answer) is S.CLIENT_ERROR_NOT_FOUND
        first_one = await d.add("z")
        await d.add("a")
        await d.restart()
        assert (await told(d)).get(r.system_default_printer_id) == first_one.id
