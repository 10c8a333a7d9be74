"""The commands about subscriptions: list, show, add, renew, cancel."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated, Final

from cyclopts import App, Parameter, validators

from pagebell.cli.connection import LOCAL, Connection, run
from pagebell.cli.console import console, print_json, print_table, table
from pagebell.cli.failures import CommandError, UsageError, no_subscription, sentence
from pagebell.cli.text import plain_text
from pagebell.cli.watching import aim, keywords, unknown_events
from pagebell.ipp.client import Client
from pagebell.ipp.errors import IppError, NotFound
from pagebell.ipp.events import condensed
from pagebell.ipp.results import Subscription

app: Final = App(
    name="subscriptions",
    help="List, add, renew and end subscriptions to events.",
    help_epilogue="""
Examples:
  pagebell subscriptions add --events job-completed --lease 86400
  pagebell subscriptions add Office --events printer-state-changed --to https://example.com/hook
  pagebell subscriptions list
  pagebell watch --subscription 7 --after 12
  pagebell subscriptions cancel 7
""",
)

_DEFAULT: Final = ("job-completed",)
"""What a subscription hears that names no events (RFC 3995 5.3.3)."""
_WINDOWS: Final = {f"ms-{name}": f"Windows (MS-{name.upper()})" for name in ("par", "rprn", "pan")}
"""Clients that hear by Windows' protocols, by how they do."""


Lease = Annotated[int | None, Parameter(validator=validators.Number(gte=0, lte=67_108_863))]
"""Seconds (RFC 3995 5.3.8)."""


@app.command(name="list")
def list_subscriptions(
    target: str = "",
    /,
    *,
    all_owners: Annotated[bool, Parameter(name="--all", negative="")] = False,
    limit: int | None = None,
    first: int = 1,
    json: Annotated[bool, Parameter(negative="")] = False,
    connection: Connection = LOCAL,
) -> int:
    """List your subscriptions, of every scope.

    Parameters
    ----------
    target
        Only those of this printer (its name or address) or job (its number).
    all_owners
        Everybody's, as far as you may see them.
    limit
        So many at most.
    first
        Begin with the so-manieth, counted from 1.
    json
        One JSON object a line, for programs.
    """

    async def work() -> list[Subscription]:
        client, scope = await aim(connection, target)
        async with client:
            whose = scope if target else None
            return await client.subscriptions(whose, mine=not all_owners, limit=limit, first=max(first, 1))

    found = run(work)
    if json:
        for one in found:
            print_json(_described(one))
        return 0
    rows = table("ID", "Of", "Events", "Owner", "Ends", "Newest", "Sent to", right=("ID", "Newest"))
    for one in found:
        owner = plain_text(one.owner).rstrip(".")
        newest = "" if one.newest is None else str(one.newest)
        events = ", ".join(condensed(one.events))
        where = plain_text(one.recipient).rstrip(".") or _WINDOWS.get(one.method, "")
        rows.add_row(str(one.id), _whose(one), events, owner, _end(one), newest, where)
    status = print_table(rows, "There are no subscriptions.")
    for one in found:
        if one.trouble:
            console().print(
                f"Subscription {one.id} is delivered up to {one.delivered or 0}: {plain_text(one.trouble)}"
            )
    return status


@app.command
def show(number: int, /, *, connection: Connection = LOCAL) -> int:
    """Show all that the server tells of a subscription.

    Parameters
    ----------
    number
        Its number, as 'pagebell subscriptions list' shows it.
    """

    async def work() -> Subscription:
        async with connection.client() as client:
            try:
                return await client.subscription(number)
            except NotFound:
                raise CommandError(no_subscription(number)) from None

    rows = table("Attribute", "Value")
    for attribute in run(work).raw.attributes.values():
        rows.add_row(attribute.name, ", ".join(_shown(value.data) for value in attribute.values))
    console().print(rows)
    return 0


@app.command
def add(
    target: str = "",
    /,
    *,
    events: Annotated[tuple[str, ...], Parameter(negative="")] = _DEFAULT,
    lease: Lease = None,
    to: str = "",
    connection: Connection = LOCAL,
) -> int:
    """Subscribe to the server's events, a printer's, those of some printers, or a job's.

    Parameters
    ----------
    target
        A printer's name or address, some names with commas between, or a job's number; the whole server when left out.
    events
        What to hear of, as IPP names it: job-completed,printer-state-changed.
    lease
        For so many seconds; 0 for as long as the server allows. A job's lives as long as the job.
    to
        Where events shall be sent, such as https://HOST/PATH; they are fetched when this is left out.
    """

    async def work() -> Subscription:
        client, scope = await aim(connection, target)
        async with client:
            wanted = keywords(events)
            made = await client.create_subscription(*wanted, scope=scope, lease=lease, recipient=to)
            if set(made.ignored) >= set(wanted):
                await client.cancel_subscription(made)
                raise CommandError(unknown_events(made.ignored))
            return replace(await client.subscription(made), ignored=made.ignored)

    made = run(work)
    if made.ignored:
        print(f"pagebell: {unknown_events(made.ignored)}", file=sys.stderr)
    print(f"Subscription {made.id} to the events of {_whose(made)}. Its lease ends {_end(made)}.")
    if not to:
        print(f"Read it with: pagebell watch --subscription {made.id}{connection.hint()}")
    return 0


@app.command
def renew(*numbers: int, lease: Lease = None, connection: Connection = LOCAL) -> int:
    """Let subscriptions live longer.

    Parameters
    ----------
    numbers
        Their numbers, as 'pagebell subscriptions list' shows them.
    lease
        Seconds from now; what the server thinks fit when left out.
    """

    async def prolong(client: Client, number: int) -> str:
        renewed = await client.renew_subscription(number, lease)
        return f"lives on for {duration(renewed.lease)}" if renewed.lease else "lives on"

    return _each(numbers, connection, prolong)


@app.command
def cancel(*numbers: int, connection: Connection = LOCAL) -> int:
    """End subscriptions.

    Parameters
    ----------
    numbers
        Their numbers, as 'pagebell subscriptions list' shows them.
    """

    async def end(client: Client, number: int) -> str:
        await client.cancel_subscription(number)
        return "is ended"

    return _each(numbers, connection, end)


def _each(
    numbers: tuple[int, ...], connection: Connection, act: Callable[[Client, int], Awaitable[str]]
) -> int:
    if not numbers:
        raise UsageError("No subscription was named. 'pagebell subscriptions list' shows their numbers.")

    async def work() -> int:
        failed = 0
        async with connection.client() as client:
            for number in numbers:
                try:
                    print(f"Subscription {number} {await act(client, number)}.")
                except NotFound:
                    failed += 1
                    print(f"pagebell: {no_subscription(number)}", file=sys.stderr)
                except IppError as error:
                    failed += 1
                    print(f"pagebell: Subscription {number}: {sentence(error)}", file=sys.stderr)
        return 1 if failed else 0

    return run(work)


def _shown(data: object) -> str:
    text = data.decode(errors="replace") if isinstance(data, bytes) else str(data)
    return plain_text(text).rstrip(".")


def _whose(subscription: Subscription) -> str:
    if subscription.job_id is not None:
        return f"job {subscription.job_id}"
    if subscription.printer_ids:
        return f"printers with id {', '.join(map(str, subscription.printer_ids))}"
    return f"printer {subscription.printer_name}" if subscription.printer_name else "the server"


def _end(subscription: Subscription) -> str:
    if subscription.method in _WINDOWS:
        return "with its connection"
    if subscription.job_id is not None:
        return "with its job"
    return "never" if subscription.left is None else f"in {duration(subscription.left)}"


def duration(seconds: int) -> str:
    """A time in the largest unit that is not too coarse for it."""
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{round(seconds / size)} {unit}"
    return f"{seconds} seconds"


def _described(subscription: Subscription) -> dict[str, object]:
    return {
        "id": subscription.id,
        "scope": subscription.scope,
        "printer": subscription.printer_name or None,
        "job": subscription.job_id,
        "events": subscription.events,
        "owner": subscription.owner,
        "lease": subscription.lease,
        "left": subscription.left,
        "newest": subscription.newest,
        "recipient": subscription.recipient or None,
        "delivered": subscription.delivered,
        "trouble": subscription.trouble or None,
        "method": subscription.method or None,
    }
