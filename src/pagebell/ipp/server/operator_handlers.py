"""What operators do to printers and to the order of jobs (RFC 3998)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from pagebell.ipp import registry as r
from pagebell.ipp.attributes import Attr
from pagebell.ipp.registry import Op
from pagebell.ipp.server.call import Call, Reply
from pagebell.model.access import Right
from pagebell.model.event import JobId, PrinterName
from pagebell.model.printer import Printer

Handler = Callable[[Call], Awaitable[Reply]]
Act = Callable[[Call, PrinterName], Awaitable[Printer]]

ACTS: Final[dict[Op, Act]] = {
    Op.PAUSE_PRINTER: lambda call, name: call.spooler.printers.pause(name, call.by),
    Op.PAUSE_PRINTER_AFTER_CURRENT_JOB: (
        lambda call, name: call.spooler.printers.pause_after_current(name, call.by)
    ),
    Op.RESUME_PRINTER: lambda call, name: call.spooler.printers.resume(name, call.by),
    Op.ENABLE_PRINTER: lambda call, name: call.spooler.printers.accept(name, True, call.by),
    Op.DISABLE_PRINTER: lambda call, name: call.spooler.printers.accept(name, False, call.by),
    Op.HOLD_NEW_JOBS: lambda call, name: call.spooler.printers.hold_new(name, call.by),
    Op.RELEASE_HELD_NEW_JOBS: lambda call, name: call.spooler.printers.release_held_new(name, call.by),
    Op.DEACTIVATE_PRINTER: lambda call, name: call.spooler.printers.deactivate(name, call.by),
    Op.ACTIVATE_PRINTER: lambda call, name: call.spooler.printers.activate(name, call.by),
    Op.RESTART_PRINTER: lambda call, name: call.spooler.printers.restart(name, call.by),
    Op.SHUTDOWN_PRINTER: lambda call, name: call.spooler.printers.shut_down(name, call.by),
    Op.STARTUP_PRINTER: lambda call, name: call.spooler.printers.start_up(name, call.by),
}
"""RFC 8011 4.2.7 and 4.2.8, RFC 3998 3: all with the same request and answer."""


def handlers() -> dict[Op, Handler]:
    """Which function does which operation."""
    return {
        **{op: partial(_on_printer, act) for op, act in ACTS.items()},
        Op.CANCEL_CURRENT_JOB: cancel_current_job,
        Op.SUSPEND_CURRENT_JOB: suspend_current_job,
        Op.RESUME_JOB: resume_job,
        Op.PROMOTE_JOB: promote_job,
        Op.SCHEDULE_JOB_AFTER: schedule_job_after,
    }


async def _on_printer(act: Act, call: Call) -> Reply:
    name = call.printer
    await act(call, name)
    await note_printer(call, name)
    return Reply()


async def note_printer(
    call: Call, name: PrinterName, said: Attr[str] = r.printer_message_from_operator
) -> None:
    """Keep what the operator says to the printer's users, if anything (RFC 3998 6)."""
    if said.name in call.request.attributes:
        await call.spooler.printers.note(name, call.text(said), call.by)


def noted(handler: Handler) -> Handler:
    """The handler of an operation on jobs, which keeps what the operator says (RFC 3998 6, table 6)."""

    async def handle(call: Call) -> Reply:
        attribute = r.job_message_from_operator
        if attribute.name not in call.request.attributes:
            return await handler(call)
        call.by.demand(Right.MANAGE_ALL)
        reply = await handler(call)
        await call.spooler.queue.note(call.job_id, call.text(attribute), call.by)
        return reply

    return handle


async def cancel_current_job(call: Call) -> Reply:
    """Cancel-Current-Job, RFC 3998 4.2"""
    await call.spooler.queue.cancel_current(call.printer, call.by, _expected(call))
    return Reply()


async def suspend_current_job(call: Call) -> Reply:
    """Suspend-Current-Job, RFC 3998 4.3.1"""
    await call.spooler.queue.suspend_current(call.printer, call.by, _expected(call))
    return Reply()


def _expected(call: Call) -> JobId | None:
    """The job that the client takes for the current one."""
    number = call.request.attributes.get(r.job_id)
    return None if number is None else JobId(number)


async def resume_job(call: Call) -> Reply:
    """Resume-Job, RFC 3998 4.3.2"""
    await call.spooler.queue.resume(call.job_id, call.by)
    return Reply()


async def promote_job(call: Call) -> Reply:
    """Promote-Job, RFC 3998 4.4.1"""
    await call.spooler.queue.promote(call.job_id, call.by)
    return Reply()


async def schedule_job_after(call: Call) -> Reply:
    """Schedule-Job-After, RFC 3998 4.4.2"""
    number = call.request.attributes.get(r.predecessor_job_id)
    await call.spooler.queue.schedule_after(call.job_id, None if number is None else JobId(number), call.by)
    return Reply()
