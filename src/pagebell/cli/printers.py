"""The commands about printers: list, add, set, remove, pause, resume."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter
from rich.text import Text

from pagebell.cli.connection import LOCAL, Connection, run
from pagebell.cli.console import print_table, table
from pagebell.cli.failures import CommandError, UsageError
from pagebell.cli.text import plain_text
from pagebell.cli.words import printer_state
from pagebell.ipp import registry as r
from pagebell.ipp.administration import PrinterWish, remove_printer, set_printer
from pagebell.ipp.errors import NotFound
from pagebell.ipp.icons import set_icon
from pagebell.ipp.registry import Op, PrinterState
from pagebell.ipp.results import PrinterInfo
from pagebell.ipp.values import GroupTag

app: Final = App(
    name="printers",
    help="List, add, change, pause and remove printers.",
    help_epilogue="""
Examples:
  pagebell printers list
  pagebell printers add Office --device ipp://printer.example/ipp/print
  pagebell printers add Archive --device file:///srv/printed --location Cellar
  pagebell printers set Office --info "Colour laser" --reject
  pagebell printers set Office --icon logo.png
  pagebell printers pause Office
""",
)


@app.command(name="list")
def list_printers(*, connection: Connection = LOCAL) -> int:
    """List the server's printers, how they are, and where their pages go."""

    async def work() -> list[PrinterInfo]:
        async with connection.any() as client:
            return await client.printers()

    rows = table("Name", "State", "Jobs", "What", "Where", "Device", right=("Jobs",))
    for printer in sorted(run(work), key=lambda one: one.name.lower()):
        rows.add_row(*_row(printer))
    return print_table(rows, "There are no printers. Add one with 'pagebell printers add NAME --device URI'.")


def _row(printer: PrinterInfo) -> list[str | Text]:
    troubled = printer.state == PrinterState.STOPPED or printer.accepting is False
    style = "yellow" if troubled else "bold" if printer.state == PrinterState.PROCESSING else ""
    return [
        plain_text(printer.name).rstrip("."),
        Text(printer_state(printer).rstrip("."), style=style),
        str(printer.queued or ""),
        plain_text(printer.info).rstrip("."),
        plain_text(printer.location).rstrip("."),
        printer.device or printer.uri,
    ]


@app.command
def add(
    name: str,
    /,
    *,
    device: str,
    info: str | None = None,
    location: str | None = None,
    connection: Connection = LOCAL,
) -> int:
    """Add a printer to the server.

    Parameters
    ----------
    name
        What to call it, without blanks.
    device
        Where its pages go, such as ipp://HOST/ipp/print or file:///var/spool/printed.
    info
        What it is, in a few words.
    location
        Where it stands.
    """

    async def work() -> None:
        async with connection.client(name) as one:
            try:
                await one.printer_status()
            except NotFound:
                pass
            else:
                raise CommandError(
                    f"There is a printer {name} already. Change it with 'pagebell printers set'."
                )
        async with connection.client() as client:
            wish = PrinterWish(device=device, info=info, location=location, accepting=True, running=True)
            await set_printer(client, name, wish)

    run(work)
    print(f"Printer {name} is added. Print on it with 'pagebell print FILE --to {name}'.")
    return 0


@app.command(name="set")
def set_(
    name: str,
    /,
    *,
    device: str | None = None,
    info: str | None = None,
    location: str | None = None,
    accept: Annotated[bool | None, Parameter(negative="--reject")] = None,
    icon: Path | None = None,
    connection: Connection = LOCAL,
) -> int:
    """Change a printer of the server; what is left out stays as it is.

    Parameters
    ----------
    name
        The printer's name.
    device
        Where its pages go.
    info
        What it is, in a few words.
    location
        Where it stands.
    accept
        Whether it takes new jobs.
    icon
        A PNG image that print dialogs show for it.
    """
    wish = PrinterWish(device=device, info=info, location=location, accepting=accept)
    if wish == PrinterWish() and icon is None:
        raise UsageError(
            "Nothing to change was named: use --device, --info, --location, --accept, --reject or --icon."
        )

    async def work() -> None:
        async with connection.client(name) as one:
            await one.printer_status()
        async with connection.client() as client:
            if wish != PrinterWish():
                await set_printer(client, name, wish)
            if icon is not None:
                await set_icon(client, name, icon)

    run(work)
    print(f"Printer {name} is changed.")
    return 0


@app.command
def remove(name: str, /, *, connection: Connection = LOCAL) -> int:
    """Remove a printer and its jobs from the server.

    Parameters
    ----------
    name
        The printer's name.
    """

    async def work() -> None:
        async with connection.client() as client:
            await remove_printer(client, name)

    run(work)
    print(f"Printer {name} is removed.")
    return 0


@app.command
def pause(name: str, /, *, connection: Connection = LOCAL) -> int:
    """Stop a printer; its jobs wait.

    Parameters
    ----------
    name
        The printer's name or address.
    """

    async def work() -> None:
        async with connection.any(name) as client:
            await client.pause()

    run(work)
    print(f"Printer {name} is paused.")
    return 0


@app.command
def resume(name: str, /, *, connection: Connection = LOCAL) -> int:
    """Let a paused printer go on.

    Parameters
    ----------
    name
        The printer's name or address.
    """

    async def work() -> None:
        async with connection.any(name) as client:
            await client.resume()

    run(work)
    print(f"Printer {name} goes on.")
    return 0


@app.command
def identify(name: str, /, *, connection: Connection = LOCAL) -> int:
    """Make a printer flash or beep, to find it among others.

    Parameters
    ----------
    name
        The printer's name or address.
    """

    async def work() -> None:
        async with connection.client(name) as client:
            await client.identify()

    run(work)
    print(f"Printer {name} makes itself noticed.")
    return 0


@app.command
def command(name: str, /, *words: str, connection: Connection = LOCAL) -> int:
    """Tell a simulated printer what to do: status, jam, clear, refill 250, open, close, offline, online.

    Parameters
    ----------
    name
        The printer's name or address.
    words
        What it shall do.
    """

    async def work() -> str:
        async with connection.client(name) as client:
            answer = await client.call(Op.PAGEBELL_COMMAND_DEVICE, r.message(" ".join(words) or "status"))
            operation = answer.group(GroupTag.OPERATION)
            return (operation.get(r.status_message) if operation else None) or "Done."

    print(plain_text(run(work)))
    return 0
