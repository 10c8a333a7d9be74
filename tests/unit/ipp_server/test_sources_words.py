"""What sources say may be longer than a message may be, and may be meant for one user."""

from __future__ import annotations

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Group, GroupTag
from pagebell.ipp.registry import Op
from pagebell.model.dialog import MOST_OF_MESSAGE, Addressees, Question, Statement, short
from tests.unit.ipp_server.door import ADMIN, Door, first
from tests.unit.spooler.stage import P1

OTHERS = "Printer p1 says something to somebody."
LONG = "Füllen Sie Papier nach. " * 300


@pytest.mark.parametrize(("text", "octets"), [("a" * 1023, 1023), ("a" * 1024, 1023), ("ü" * 512, 1023)])
def test_message_is_cut_between_signs(text: str, octets: int) -> None:
    assert len(short(text).encode()) == octets
    assert short(text) == text or short(text).endswith("…")


async def test_long_question_and_notice_are_cut_where_they_are_messages() -> None:
    async with Door() as d:
        job = await d.printing()
        watched = await d.ask(
            Op.CREATE_PRINTER_SUBSCRIPTIONS,
            groups=[_subscription()],
        )
        number = first(watched, GroupTag.SUBSCRIPTION).get(r.notify_subscription_id)
        assert number is not None
        await d.spooler.dialogs.notify(Addressees(P1), Statement("Paper", LONG))
        dialog = await d.spooler.dialogs.open(Addressees(P1, job), Question("Paper", LONG))
        assert dialog.status.content == Question("Paper", LONG)
        printer = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
        assert str(printer.get(r.printer_state_message)).endswith("…")
        found = first(await d.ask(Op.GET_JOB_ATTRIBUTES, r.job_id(job)), GroupTag.JOB)
        assert len(str(found.get(r.job_state_message)).encode()) <= MOST_OF_MESSAGE
        told = await d.ask(Op.GET_NOTIFICATIONS, r.notify_subscription_ids(number))
        texts = [str(group.get(r.notify_text)) for group in told.groups_of(GroupTag.EVENT_NOTIFICATION)]
        assert sum(text.startswith("Paper: ") and text.endswith("…") for text in texts) == 2


async def test_what_is_meant_for_one_user_is_told_to_that_user_alone() -> None:
    async with Door() as d:
        texts = {}
        made = {}
        for user in ("ada", "bob"):
            answer = await d.ask(Op.CREATE_PRINTER_SUBSCRIPTIONS, groups=[_subscription()], user=user)
            made[user] = first(answer, GroupTag.SUBSCRIPTION).get(r.notify_subscription_id)
        await d.spooler.dialogs.notify(Addressees(P1, user="ada"), Statement("Fax", "From Bob."))
        for user, number in made.items():
            assert number is not None
            told = await d.ask(Op.GET_NOTIFICATIONS, r.notify_subscription_ids(number), user=user)
            texts[user] = str(first(told, GroupTag.EVENT_NOTIFICATION).get(r.notify_text))
        assert texts == {"ada": "Fax: From Bob.", "bob": OTHERS}
        told = await d.ask(Op.GET_NOTIFICATIONS, r.notify_subscription_ids(made["ada"] or 0), user=ADMIN)
        assert first(told, GroupTag.EVENT_NOTIFICATION).get(r.notify_text) == OTHERS, (
            "who reads is who counts"
        )


def _subscription() -> Group:
    return Group.of(
        GroupTag.SUBSCRIPTION,
        r.notify_pull_method("ippget"),
        r.notify_events("pagebell-notice", "pagebell-dialog-opened"),
    )
