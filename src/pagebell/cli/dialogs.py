"""The commands about dialogs: list what printers ask people, and answer it."""

from __future__ import annotations

import getpass
import json as json_lines
import sys
from dataclasses import asdict
from typing import Annotated, Final

from cyclopts import App, Parameter

from pagebell.cli.connection import LOCAL, Connection, run
from pagebell.cli.console import console, table
from pagebell.cli.failures import CommandError, UsageError
from pagebell.cli.questions import Asked, Questions, chosen, shown
from pagebell.cli.words import plain_text

app: Final = App(
    name="dialogs",
    help="Show what printers ask people, and answer it.",
    help_epilogue="""
Examples:
  pagebell dialogs list
  pagebell dialogs answer                    the only one there is
  pagebell dialogs answer 3 ok
  pagebell dialogs answer 3 ok --text 4711
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

    async def work() -> list[Asked]:
        async with connection.client() as client:
            return await Questions(connection, client).open()

    found = run(work)
    if json:
        for one in found:
            print(json_lines.dumps(asdict(one), ensure_ascii=False))
        return 0
    out = console()
    if not found:
        out.print("Nobody is asked anything.")
        return 0
    rows = table("ID", "Printer", "Job", "For", "Question", "Answers", right=("ID", "Job"))
    for one in found:
        answers = shown(one.choices) + (f", and {one.entry}" if one.entry else "")
        question = plain_text(one.text) or "(for its vendor's software)"
        rows.add_row(str(one.id), one.printer, str(one.job or ""), one.user, question, answers)
    out.print(rows)
    return 0


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

    async def find() -> Asked:
        async with connection.client() as client:
            questions = Questions(connection, client)
            if number is not None:
                return await questions.one(number)
            found = await questions.open()
        if len(found) != 1:
            count = f"{len(found)} questions wait" if found else "No question waits"
            raise CommandError(f"{count} for an answer. 'pagebell dialogs list' shows them.")
        return found[0]

    asked = run(find)
    meant = chosen(asked.choices, choice)
    if meant is None:
        raise UsageError(
            f"{choice!r} is no answer to that. Choose one of: {', '.join(asked.choices) or 'none'}."
        )
    typed = text
    if typed is None and asked.entry and meant == asked.choices[0]:
        typed = _typed(asked)

    async def give() -> None:
        async with connection.client() as client:
            await Questions(connection, client).answer(asked.id, meant, typed or "")

    run(give)
    print(f"Answered: {meant}.")
    return 0


def _typed(asked: Asked) -> str:
    """What somebody types; secrets don't show."""
    print(plain_text(asked.text), file=sys.stderr)
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return getpass.getpass(f"{asked.entry}: ") if asked.secret else input(f"{asked.entry}: ")
