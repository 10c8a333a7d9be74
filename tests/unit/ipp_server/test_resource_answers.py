"""What PWG 5100.22 (2025) demands of resources besides their states: 4.6.1, 6.2, 6.3.2 and 7.9."""

from __future__ import annotations

from pagebell.ipp import registry as r
from pagebell.ipp.codec import GroupTag
from pagebell.ipp.registry import ResourceState
from pagebell.ipp.registry import Status as S
from tests.asking import subscription_group
from tests.unit.ipp_server.door import ADMIN, Door, door, first, status
from tests.unit.ipp_server.test_resources import (
    AS_PNG,
    AT,
    CANCEL,
    CREATE,
    GET,
    GOOD,
    IMAGE,
    IMPOSSIBLE,
    INSTALL,
    NOT_FOUND,
    OK,
    ONE,
    SEND,
    SET,
    SUBSCRIBE,
    TAKE,
    available,
    canceled,
    described,
    given,
    pending,
    told_of,
)
from tests.unit.spooler.test_resources import PNG, Trusting


async def test_maker_is_quoted_before_the_data_come_and_after() -> None:
    """PWG 5100.22 6.3.2.1: version and patches are said to Create-Resource."""
    said = r.resource_version(b"1"), r.resource_string_version("1.0"), r.resource_patches("a")
    async with door() as d:
        assert status(await d.ask(CREATE, IMAGE, *said, path=AT, user=ADMIN)) is OK
        for _ in range(2):
            told = await told_of(d)
            assert all(told.attributes[one.name] == one for one in said)
            await d.ask(SEND, ONE, AS_PNG, path=AT, user=ADMIN, data=PNG)


async def test_change_of_a_resource_is_answered_with_its_state() -> None:
    """PWG 5100.22 6.2.6.2."""
    async with door() as d:
        answer = await GOOD[SET](d)
        brief = {"resource-id", "resource-uuid", "resource-state", "resource-state-reasons"}
        assert set(first(answer, GroupTag.RESOURCE).attributes) == brief


async def test_resource_that_shall_go_takes_nothing_any_more_and_tells_since_when() -> None:
    """PWG 5100.22 6.2.1, 6.2.2, 6.2.6 and 7.9.19: 'cancel-requested' is as good as cancelled."""
    async with door() as d:
        await given(d)
        asked_at = int(d.clock.now())
        assert status(await d.ask(CANCEL, ONE, path=AT, user=ADMIN)) is OK
        await d.clock.advance(5)
        more = {"path": AT, "user": ADMIN}
        again = await d.ask(CANCEL, ONE, **more)  # type: ignore[arg-type]
        named = await d.ask(SET, ONE, groups=described(r.resource_name("x")), **more)  # type: ignore[arg-type]
        heard = await d.ask(SUBSCRIBE, ONE, groups=[subscription_group()], **more)  # type: ignore[arg-type]
        assert {status(again), status(named), status(heard)} == {IMPOSSIBLE}
        assert (await told_of(d)).get(r.time_at_canceled) == asked_at
        await d.ask(TAKE, r.resource_ids(1), user=ADMIN)
        gone = await told_of(d)
        assert gone.get(r.resource_state) is ResourceState.CANCELED
        assert gone.get(r.time_at_canceled) == asked_at


async def test_resource_that_was_given_up_tells_when() -> None:
    """PWG 5100.22 7.9.1 and 7.9.19."""
    async with door() as d:
        await pending(d)
        await d.clock.advance(d.policy.open_job_timeout + d.policy.housekeeping)
        told = await told_of(d)
        assert told.get(r.resource_state) is ResourceState.ABORTED
        assert told.get(r.time_at_canceled) is not None


async def test_resource_that_is_over_is_told_of_for_300_seconds_at_least() -> None:
    """Resource History, PWG 5100.22 4.6.1."""
    async with door(event_life=15.0) as d:
        await canceled(d)
        await d.clock.advance(299)
        await d.spooler.tidy()
        assert status(await d.ask(GET, ONE, path=AT)) is OK
        await d.clock.advance(2)
        await d.spooler.tidy()
        assert status(await d.ask(GET, ONE, path=AT)) is NOT_FOUND


async def test_signature_that_does_not_count_is_told_and_the_data_are_not_taken() -> None:
    """PWG 5100.22 6.2.5 and 14.5: "SHOULD validate any Resource signature supplied"; 7.1.19, one or several."""
    async with Door(signers=Trusting()) as d:
        await pending(d)
        for bad in (r.resource_signature(b"forged"), r.resource_signature(b"sig", b"forged")):
            answer = await d.ask(SEND, ONE, AS_PNG, bad, path=AT, user=ADMIN, data=PNG)
            assert status(answer) is S.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
            assert first(answer, GroupTag.UNSUPPORTED).attributes["resource-signature"] == bad
            assert (await told_of(d)).get(r.resource_state) is ResourceState.PENDING
        good = r.resource_signature(b"sig", b"sig")
        assert status(await d.ask(SEND, ONE, AS_PNG, good, path=AT, user=ADMIN, data=PNG)) is OK
        assert (await told_of(d)).attributes["resource-signature"] == good


async def test_signature_that_counts_no_more_hinders_the_installation() -> None:
    """PWG 5100.22 6.2.4: "MUST validate any Resource signature supplied in a previous Send-Resource-Data operation"."""
    async with Door(signers=Trusting()) as d:
        await pending(d)
        await d.ask(SEND, ONE, AS_PNG, r.resource_signature(b"sig"), path=AT, user=ADMIN, data=PNG)
        d.signers = Trusting(b"another")
        await d.restart()
        assert status(await d.ask(INSTALL, ONE, path=AT, user=ADMIN)) is IMPOSSIBLE
        assert (await told_of(d)).get(r.resource_state) is ResourceState.AVAILABLE
        d.signers = Trusting()
        await d.restart()
        assert status(await d.ask(INSTALL, ONE, path=AT, user=ADMIN)) is OK


async def test_data_that_are_not_what_was_sent_are_not_installed() -> None:
    """PWG 5100.22 6.2.4: "MUST validate the Resource format and type"."""
    for octets in (PNG + b"!", b"%PDF-1.4"):
        async with door() as d:
            await available(d)
            (key,) = d.documents.documents
            d.documents.documents[key] = octets
            answer = await d.ask(INSTALL, ONE, path=AT, user=ADMIN)
            assert status(answer) is S.CLIENT_ERROR_DOCUMENT_FORMAT_ERROR
            assert (await told_of(d)).get(r.resource_state) is ResourceState.AVAILABLE


async def test_data_go_with_the_resource_and_what_is_known_of_them_stays() -> None:
    """PWG 5100.22 4.6.1 and 6.2.1: data "SHOULD be discarded as soon as the Resource transitions"; "MUST preserve all
    Resource object attributes"; 7.9.4: no-value when it has no associated data."""
    async with door() as d:
        await given(d)
        await d.ask(CANCEL, ONE, path=AT, user=ADMIN)
        assert len(d.documents.documents) == 1
        before = await told_of(d)
        await d.ask(TAKE, r.resource_ids(1), user=ADMIN)
        assert d.documents.documents == {}
        for _ in range(2):
            told = await told_of(d)
            assert told.attributes["resource-data-uri"] == r.resource_data_uri.no_value()
            for attr in (r.resource_format, r.resource_k_octets, r.time_at_installed):
                assert told.attributes[attr.name] == before.attributes[attr.name]
            await d.restart()


async def test_words_are_in_the_language_of_the_request_if_nobody_says_otherwise() -> None:
    """PWG 5100.22 7.9.8: "REQUIRED for 'static-strings' Resources"."""
    async with door() as d:
        await d.ask(CREATE, r.resource_type("static-strings"), path=AT, user=ADMIN)
        assert (await told_of(d)).get(r.resource_natural_language) == "en"
        await d.ask(CREATE, IMAGE, path=AT, user=ADMIN)
        answer = await d.ask(GET, r.resource_id(2), r.requested_attributes("all"), path=AT)
        assert "resource-natural-language" not in first(answer, GroupTag.RESOURCE)
