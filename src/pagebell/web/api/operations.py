"""The operations of the JSON API, one row each, and what they do."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pagebell.http.signing import key_of
from pagebell.model.access import Right
from pagebell.model.dialog import Answer, DialogId
from pagebell.model.document import NO_WISHES
from pagebell.model.errors import (
    DocumentDamaged,
    NotAccepting,
    NotAuthorized,
    NotFound,
    ServiceStopping,
    TooLarge,
    TooMany,
    Unsupported,
    UnsupportedFormat,
    WrongState,
)
from pagebell.model.event import JobId, PrinterName
from pagebell.model.subscription import SubscriptionId
from pagebell.model.wording import language_for
from pagebell.spooler.formats import OCTET_STREAM
from pagebell.spooler.intake import DocumentSpec, Order, SubscriptionWish
from pagebell.spooler.ports import JobQuery
from pagebell.web.api import messages as m
from pagebell.web.api.endpoint import Ask, Endpoint
from pagebell.web.api.views import (
    dialog_info,
    job_info,
    numbered_event,
    printer_info,
    scope_of,
    subscription_info,
)

_WHICH: Final = {"living": False, "finished": True, "all": None}

# --- printers ---


async def list_printers(ask: Ask) -> m.Printers:
    """All printers."""
    ask.by.demand(Right.LOOK)
    return m.Printers(items=[printer_info(one, ask.spooler) for one in ask.spooler.printers.list()])


async def show_printer(ask: Ask) -> m.PrinterInfo:
    """One printer."""
    ask.by.demand(Right.LOOK)
    return printer_info(ask.spooler.printers.printer(_printer(ask)), ask.spooler)


async def pause_printer(ask: Ask) -> m.PrinterInfo:
    """Stop a printer at once; the job that is printing stops with it. For operators."""
    return printer_info(await ask.spooler.printers.pause(_printer(ask), ask.by), ask.spooler)


async def resume_printer(ask: Ask) -> m.PrinterInfo:
    """Let a paused printer go on. For operators."""
    return printer_info(await ask.spooler.printers.resume(_printer(ask), ask.by), ask.spooler)


def _printer(ask: Ask) -> PrinterName:
    return PrinterName(ask.path["printer"])


# --- jobs ---


async def list_jobs(ask: Ask) -> m.Jobs:
    """Jobs, page by page."""
    ask.by.demand(Right.LOOK)
    asked: m.JobsQuery = ask.query
    if asked.printer is not None:
        ask.spooler.printers.printer(PrinterName(asked.printer))
    found = await ask.spooler.jobs.list(
        JobQuery(
            finished=_WHICH[asked.which],
            printer=None if asked.printer is None else PrinterName(asked.printer),
            owner=asked.owner,
            limit=asked.limit + 1,
            offset=asked.offset,
        )
    )
    more = asked.offset + asked.limit if len(found) > asked.limit else None
    return m.Jobs(items=[job_info(job, ask.spooler) for job in found[: asked.limit]], next=more)


async def show_job(ask: Ask) -> m.JobInfo:
    """One job, living or finished."""
    ask.by.demand(Right.LOOK)
    return job_info(await ask.spooler.jobs.job(_job(ask)), ask.spooler)


async def submit_job(ask: Ask) -> m.JobInfo:
    """Print a document: the request's body, of the format that Content-Type names (`application/octet-stream`:
    the server finds out).
    """
    asked: m.SubmitQuery = ask.query
    format_ = ask.media_type or OCTET_STREAM
    capabilities = ask.spooler.printers.capabilities(_printer(ask))
    if format_ not in (OCTET_STREAM, *capabilities.formats):
        raise UnsupportedFormat(f"printer {_printer(ask)} does not take {format_}")
    stream = ask.stream()
    if not (first := await anext(stream, b"")):
        raise DocumentDamaged("the body is empty, and not a document")
    hold = "indefinite" if asked.hold else None
    ticket = replace(NO_WISHES, copies=asked.copies if asked.copies > 1 else None, job_hold_until=hold)
    order = Order(_printer(ask), ask.by, name=asked.name, ticket=ticket)
    intake, _ = await ask.spooler.jobs.open_document(order, DocumentSpec(format_, asked.name), ask.by)
    async with intake.whole("The document did not arrive completely."):
        await intake.write(first)
        async for chunk in stream:
            await intake.write(chunk)
        return job_info(await intake.commit(), ask.spooler)


async def cancel_job(ask: Ask) -> m.JobInfo:
    """Stop a job; one that is being printed is canceled when its printer has stopped."""
    return job_info(await ask.spooler.jobs.cancel(_job(ask), ask.by), ask.spooler)


async def hold_job(ask: Ask) -> m.JobInfo:
    """Keep a waiting job from being printed until it is released."""
    return job_info(await ask.spooler.jobs.hold(_job(ask), ask.by), ask.spooler)


async def release_job(ask: Ask) -> m.JobInfo:
    """Let a held job be printed."""
    return job_info(await ask.spooler.jobs.release(_job(ask), ask.by), ask.spooler)


def _job(ask: Ask) -> JobId:
    return JobId(ask.path["job"])


# --- subscriptions ---


async def list_subscriptions(ask: Ask) -> m.Subscriptions:
    """Your subscriptions, whatever their scope; operators see everybody's."""
    ask.by.demand(Right.MANAGE_OWN)
    asked: m.SubscriptionsQuery = ask.query
    scope = None if asked.scope is None else await scope_of(asked.scope, ask.spooler)
    page = ask.spooler.subscriptions.list(
        ask.by, scope=scope, owner=asked.owner, after=asked.after, limit=asked.limit
    )
    return m.Subscriptions(
        items=[subscription_info(one, ask.spooler) for one in page.subscriptions], next=page.next
    )


async def create_subscription(ask: Ask) -> m.SubscriptionInfo:
    """Hear of what happens to a printer, a job or the whole server from now on."""
    asked: m.NewSubscription = ask.body
    if asked.secret:
        try:
            key_of(asked.secret)
        except ValueError as error:
            raise Unsupported(str(error), "secret") from None
    user_data = asked.user_data.encode()
    if len(user_data) > 63:
        raise Unsupported("user_data has more than 63 octets", "user_data")
    wish = SubscriptionWish(
        events=frozenset(asked.events),
        lease=asked.lease,
        user_data=user_data,
        language=language_for(asked.language),
        interval=asked.interval,
        recipient=asked.recipient,
        secret=asked.secret,
    )
    scope = await scope_of(asked.scope, ask.spooler)
    made = await ask.spooler.subscriptions.create_subscription(wish, ask.by, scope=scope)
    return subscription_info(made, ask.spooler)


async def show_subscription(ask: Ask) -> m.SubscriptionInfo:
    """One subscription."""
    return subscription_info(ask.spooler.subscriptions.subscription(_subscription(ask), ask.by), ask.spooler)


async def renew_subscription(ask: Ask) -> m.SubscriptionInfo:
    """Let a subscription live longer; a job's lives as long as its job."""
    asked: m.Renewal = ask.body
    renewed = await ask.spooler.subscriptions.renew(_subscription(ask), asked.lease, ask.by)
    return subscription_info(renewed, ask.spooler)


async def cancel_subscription(ask: Ask) -> None:
    """End a subscription."""
    await ask.spooler.subscriptions.unsubscribe(_subscription(ask), ask.by)


async def read_notifications(ask: Ask) -> m.Notifications:
    """What a subscription has heard of. `/events?subscription=ID` tells it as it happens."""
    asked: m.NotificationsQuery = ask.query
    number = _subscription(ask)
    subscription = ask.spooler.subscriptions.subscription(number, ask.by)
    batch = await ask.spooler.subscriptions.read(number, ask.by, asked.after, asked.limit)
    return m.Notifications(
        items=[numbered_event(one, subscription.language, ask.by) for one in batch.notifications],
        missed=batch.missed,
        complete=batch.complete,
        next=batch.last,
    )


def _subscription(ask: Ask) -> SubscriptionId:
    return SubscriptionId(ask.path["subscription"])


# --- dialogs ---


async def list_dialogs(ask: Ask) -> m.Dialogs:
    """The questions that wait for your answer; operators see everybody's."""
    asked: m.DialogsQuery = ask.query
    found = ask.spooler.dialogs.open_dialogs(
        ask.by,
        None if asked.printer is None else PrinterName(asked.printer),
        None if asked.job is None else JobId(asked.job),
    )
    return m.Dialogs(items=[dialog_info(one, ask.by) for one in found])


async def show_dialog(ask: Ask) -> m.DialogInfo:
    """One question."""
    return dialog_info(ask.spooler.dialogs.dialog(DialogId(ask.path["dialog"]), ask.by), ask.by)


async def answer_dialog(ask: Ask) -> None:
    """Answer a question; who answers first has it, and everybody else gets 409."""
    asked: m.DialogAnswer = ask.body
    answer = Answer(asked.choice, asked.text)
    await ask.spooler.dialogs.answer(DialogId(ask.path["dialog"]), answer, ask.by, asked.turn)


_OWN: Final = (NotFound, NotAuthorized)
_CHANGE: Final = (*_OWN, WrongState)
_SUBMIT: Final = (*_OWN, NotAccepting, UnsupportedFormat, DocumentDamaged, TooLarge, TooMany, ServiceStopping)
ENDPOINTS: Final = (
    Endpoint("GET", "/printers", list_printers, m.Printers, refusals=(NotAuthorized,)),
    Endpoint("GET", "/printers/{printer}", show_printer, m.PrinterInfo, refusals=_OWN),
    Endpoint("POST", "/printers/{printer}/pause", pause_printer, m.PrinterInfo, refusals=_CHANGE),
    Endpoint("POST", "/printers/{printer}/resume", resume_printer, m.PrinterInfo, refusals=_CHANGE),
    Endpoint(
        *("POST", "/printers/{printer}/jobs", submit_job, m.JobInfo, m.SubmitQuery),
        document=True,
        created="jobs",
        refusals=_SUBMIT,
    ),
    Endpoint("GET", "/jobs", list_jobs, m.Jobs, m.JobsQuery, refusals=_OWN),
    Endpoint("GET", "/jobs/{job:int}", show_job, m.JobInfo, refusals=_OWN),
    Endpoint("POST", "/jobs/{job:int}/cancel", cancel_job, m.JobInfo, refusals=_CHANGE),
    Endpoint("POST", "/jobs/{job:int}/hold", hold_job, m.JobInfo, refusals=_CHANGE),
    Endpoint("POST", "/jobs/{job:int}/release", release_job, m.JobInfo, refusals=_CHANGE),
    Endpoint(
        *("GET", "/subscriptions", list_subscriptions, m.Subscriptions, m.SubscriptionsQuery), refusals=_OWN
    ),
    Endpoint(
        *("POST", "/subscriptions", create_subscription, m.SubscriptionInfo, None, m.NewSubscription),
        created="subscriptions",
        refusals=(*_CHANGE, Unsupported, TooMany),
        example={"scope": "server", "events": ["job-completed", "printer-stopped"], "lease": 3600},
    ),
    Endpoint(
        "GET", "/subscriptions/{subscription:int}", show_subscription, m.SubscriptionInfo, refusals=_OWN
    ),
    Endpoint(
        *(
            "PATCH",
            "/subscriptions/{subscription:int}",
            renew_subscription,
            m.SubscriptionInfo,
            None,
            m.Renewal,
        ),
        refusals=_CHANGE,
        example={"lease": 7200},
    ),
    Endpoint("DELETE", "/subscriptions/{subscription:int}", cancel_subscription, None, refusals=_OWN),
    Endpoint(
        *("GET", "/subscriptions/{subscription:int}/events", read_notifications, m.Notifications),
        query=m.NotificationsQuery,
        refusals=_OWN,
    ),
    Endpoint("GET", "/dialogs", list_dialogs, m.Dialogs, m.DialogsQuery, refusals=_OWN),
    Endpoint("GET", "/dialogs/{dialog:int}", show_dialog, m.DialogInfo, refusals=_OWN),
    Endpoint(
        *("POST", "/dialogs/{dialog:int}/answer", answer_dialog, None, None, m.DialogAnswer),
        refusals=(*_CHANGE, Unsupported, TooLarge),
        example={"choice": "ok"},
    ),
)
"""All of them; paths below /api/v1."""
