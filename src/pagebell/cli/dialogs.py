"""The commands about dialogs: list what printers ask people, and answer it."""

from __future__ import annotations

import getpass
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Annotated, Final

from cyclopts import App, Parameter

from pagebell.cli.connection import LOCAL, Connection, run
from pagebell.cli.console import print_json, print_table, table
from pagebell.cli.failures import CommandError, UsageError
from pagebell.cli.questions import chosen, record, shown
from pagebell.cli.text import plain_text
from pagebell.ipp.client import Client
from pagebell.ipp.errors import AnsweredElsewhere
from pagebell.ipp.events import with_pauses
from pagebell.ipp.notices import Dialog

_QUIET: Final = 1.0
"""Seconds without another one after which a Windows server has told all; it has no list of them."""
app: Final = App(
    name="dialogs",
    help="Show what printers ask people, and answer it.",
    help_epilogue="""
Examples:
  pagebell dialogs list
  pagebell dialogs answer                    the only one there is
  pagebell dialogs answer 3 ok
  pagebell dialogs answer 3 ok --text 4711
  pagebell dialogs answer --server par://HOST/QUEUE
""",
)


@app.command(name="list")
def list_dialogs(
    *, json: Annotated[bool, Parameter(negative="")] = False, connection: Connection = LOCAL
) -> int:
    """List the questions that wait for your answer.

    Parameters
    ----------
    json
        One JSON object a line, for programs.
    """

    async def work() -> list[Dialog]:
        async with waiting(connection) as found:
            return found

    found = run(work)
    if json:
        for one in found:
            print_json(record(one))
        return 0
    rows = table("ID", "Printer", "Job", "For", "Question", "Answers", right=("ID", "Job"))
    for one in found:
        answers = shown(one.choices) + (f", and {one.entry}" if one.entry else "")
        question = plain_text(one.text) or "(for its vendor's software)"
        rows.add_row(str(one.number), one.printer, str(one.job or ""), one.user, question, answers)
    return print_table(rows, "Nobody is asked anything.")


@app.command
def answer(
    number: int | None = None,
    choice: str = "",
    /,
    *,
    text: str | None = None,
    connection: Connection = LOCAL,
) -> int:
    """Answer a question; whoever answers first has it.

    Parameters
    ----------
    number
        Its number, as 'pagebell dialogs list' shows it; the only question there is when left out.
    choice
        The answer, or how it begins; the first of them when left out.
    text
        What is to be typed, such as a PIN; asked for when left out.
    """
    asked = run(lambda: _find(connection, number))
    meant = chosen(asked.choices, choice)
    if meant is None:
        raise UsageError(
            f"{choice!r} is no answer to that. Choose one of: {', '.join(asked.choices) or 'none'}."
        )
    typed = text
    if typed is None and asked.entry and meant == asked.choices[0]:
        typed = _typed(asked)

    async def give() -> None:
        async with waiting(connection) as found:
            same = [one for one in found if (one.title, one.text) == (asked.title, asked.text)]
            for one in [one for one in same if one.number == asked.number] or same[:1]:
                await one.reply(meant, typed or "")
                return
        raise AnsweredElsewhere("Somebody else has answered, or nothing is asked any more.")

    run(give)
    print(f"Answered: {meant}.")
    return 0


@asynccontextmanager
async def waiting(connection: Connection) -> AsyncIterator[list[Dialog]]:
    """The questions that wait; they may be answered while the block runs. Raises ClientError."""
    async with AsyncExitStack() as stack:
        client = connection.any()
        stack.push_async_callback(client.close)
        if isinstance(client, Client):
            yield await client.dialogs()
            return
        notices = await stack.enter_async_context(aclosing(client.notices()))
        bursts = await stack.enter_async_context(aclosing(with_pauses(notices, lambda: _QUIET)))
        found = []
        async for one in bursts:
            if one is None:
                break
            if isinstance(one, Dialog):
                found.append(one)
        yield found


async def _find(connection: Connection, number: int | None) -> Dialog:
    """The question with that number, or the only one. Raises CommandError."""
    async with waiting(connection) as every:
        found = [one for one in every if number in (None, one.number)]
        if len(found) == 1:
            return found[0]
    if number is not None:
        raise CommandError(f"There is no question {number}. 'pagebell dialogs list' shows those that wait.")
    count = f"{len(found)} questions wait" if found else "No question waits"
    raise CommandError(f"{count} for an answer. 'pagebell dialogs list' shows them.")


def _typed(asked: Dialog) -> str:
    """What somebody types; secrets don't show."""
    print(plain_text(asked.text), file=sys.stderr)
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return getpass.getpass(f"{asked.entry}: ") if asked.secret else input(f"{asked.entry}: ")
