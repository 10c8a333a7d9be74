"""The model's objects as the JSON API tells of them."""

from __future__ import annotations

from typing import Any

from pagebell.event_json import event_view, keyword, timestamp
from pagebell.model.access import Principal
from pagebell.model.dialog import Question
from pagebell.model.errors import NotFound
from pagebell.model.event import JobId, PrinterName, ResourceId
from pagebell.model.job import Job
from pagebell.model.printer import Printer
from pagebell.model.subscription import SERVER, Scope, Subscription
from pagebell.spooler.deliveries import Trouble
from pagebell.spooler.dialogs import Dialog
from pagebell.spooler.reading import Notification
from pagebell.spooler.spooler import Spooler
from pagebell.web.api import messages as m


def printer_info(printer: Printer, spooler: Spooler) -> m.PrinterInfo:
    """A printer."""
    state: Any = keyword(printer.state)
    return m.PrinterInfo(
        name=printer.name,
        uuid=printer.uuid,
        info=printer.info,
        location=printer.location,
        state=state,
        state_reasons=sorted(printer.reasons),
        state_message=printer.message,
        accepting_jobs=printer.accepting,
        queued_jobs=spooler.jobs.count(printer.name),
        subscriptions=spooler.subscriptions.count(Scope(printer.id)),
    )


def job_info(job: Job, spooler: Spooler) -> m.JobInfo:
    """A job."""
    state: Any = keyword(job.state)
    return m.JobInfo(
        id=job.id,
        uuid=job.uuid,
        printer=job.printer,
        name=job.name,
        owner=job.owner,
        state=state,
        state_reasons=sorted(job.reasons),
        state_message=job.message,
        created=timestamp(job.created),
        processing_at=_time(job.processing_at),
        completed_at=_time(job.completed_at),
        priority=job.priority,
        octets=job.octets,
        impressions=job.impressions,
        impressions_completed=job.impressions_completed,
        subscriptions=spooler.subscriptions.count(Scope(job.printer_id, job.id)),
    )


def subscription_info(subscription: Subscription, spooler: Spooler) -> m.SubscriptionInfo:
    """A subscription, without its secret."""
    subscriptions = spooler.subscriptions
    _, newest = subscriptions.available(subscription.id)
    delivered = subscriptions.deliveries.delivered(subscription.id) if subscription.recipient else None
    return m.SubscriptionInfo(
        id=subscription.id,
        uuid=subscription.uuid,
        scope=scope_text(subscription.scope, spooler),
        events=sorted(subscription.events),
        owner=subscription.owner,
        created=timestamp(subscription.created),
        expires=_time(subscription.expires),
        lease=subscription.lease,
        language=subscription.language,
        interval=subscription.interval,
        user_data=subscription.user_data.decode("utf-8", "backslashreplace"),
        recipient=subscription.recipient,
        newest=newest,
        delivered=delivered,
        trouble=_trouble(subscriptions.deliveries.trouble(subscription.id)),
    )


def _trouble(trouble: Trouble | None) -> m.DeliveryTrouble | None:
    if trouble is None:
        return None
    return m.DeliveryTrouble(
        message=trouble.message,
        since=timestamp(trouble.since),
        attempts=trouble.attempts,
        next_attempt=_time(trouble.next_attempt),
    )


def dialog_info(dialog: Dialog, by: Principal) -> m.DialogInfo:
    """A dialog, for who looks at it."""
    status, content = dialog.status, dialog.status.content
    question = content if isinstance(content, Question) else Question("", "", ())
    return m.DialogInfo(
        id=dialog.id,
        printer=status.to.printer,
        job=status.to.job,
        user=status.to.user,
        title=question.title,
        text=question.text,
        choices=list(question.choices),
        entry=question.entry,
        secret=question.secret,
        answered_by=status.answered_by,
        turn=status.turn,
        waits=dialog.waits_for(by),
        opened=timestamp(dialog.opened),
        expires=_time(dialog.expires),
    )


def numbered_event(notification: Notification, language: str, by: Principal) -> m.NumberedEvent:
    """An event with its number in a subscription, for who reads it."""
    view = event_view(notification.event, language, by.proved_name)
    return m.NumberedEvent(
        number=notification.number, **{name: getattr(view, name) for name in view.__struct_fields__}
    )


def scope_text(scope: Scope, spooler: Spooler) -> str:
    """A scope as the path of what it is about."""
    if scope.job is not None:
        return f"jobs/{scope.job}"
    if scope.resource is not None:
        return f"resources/{scope.resource}"
    if not scope.all_printers:
        return "server"
    return f"printers/{','.join(printer.name for printer in spooler.printers.of(scope))}"


async def scope_of(text: str, spooler: Spooler) -> Scope:
    """The scope that a path names. Raises NotFound."""
    kind, _, name = text.partition("/")
    if kind == "jobs":
        job = await spooler.jobs.job(JobId(int(name)))
        return Scope(job.printer_id, job.id)
    if kind == "printers":
        return scope_of_printers(name, spooler)
    if kind == "resources":
        return Scope(resource=spooler.resources.resource(ResourceId(int(name))).id)
    if text != "server":
        raise NotFound(f"there is nothing called {text!r}")
    return SERVER


def scope_of_printers(text: str, spooler: Spooler) -> Scope:
    """A printer's, or that of some printers, with commas between their names. Raises NotFound."""
    numbers = [spooler.printers.printer(PrinterName(name)).id for name in text.split(",")]
    return Scope(numbers[0]) if len(numbers) == 1 else Scope.of_printers(numbers)


def _time(at: float | None) -> str | None:
    return None if at is None else timestamp(at)
