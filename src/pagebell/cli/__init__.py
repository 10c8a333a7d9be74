"""The command ``pagebell``: each command is loaded only when it is called for."""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Sequence
from typing import Final

from cyclopts import App, CycloptsError, Parameter

_HELP: Final = "Print, and always learn what became of your document."
_EXAMPLES: Final = """
Examples:
  pagebell print letter.pdf                  on the default printer, to the end
  pagebell print a.pdf b.pdf --to Office -n 2   two copies of each
  pagebell print plan.pdf -o sides=two-sided-long-edge -o media=iso_a3_297x420mm
  pagebell print photo.jpg --to ipp://printer.example/ipp/print
  pagebell jobs                              what waits and prints
  pagebell watch                             what happens, as it happens
  pagebell cancel 42                         stop job 42
  pagebell printers add Office --device ipp://printer.example/ipp/print

The server is the one at --server, or PAGEBELL_SERVER, or else on this computer.
"""

EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_SIGNAL: Final = 128
"""And the signal's number, as shells have it."""


def _version() -> str:
    from importlib.metadata import version  # noqa: PLC0415

    return f"pagebell {version('pagebell')}"


app = App(
    name="pagebell",
    help=_HELP,
    help_epilogue=_EXAMPLES,
    help_format="plaintext",
    version=_version,
    version_flags=["--version"],
    default_parameter=Parameter(show_default=False),
)
_PRINT_MORE: Final = """
Examples:
  pagebell print letter.pdf
  pagebell print report.pdf --to Office -n 2 -o sides=two-sided-long-edge
  pagebell print book.pdf -o page-ranges=1-3,5 -o media=iso_a4_210x297mm
  pagebell print plan.pdf -o "media-col={media-type=stationery}"
  ps aux | pagebell print - --to ipp://printer.example/ipp/print

Exit status: 0 when every document was printed (or, with --no-wait or --hold,
taken); 1 when one was not; 2 for a wrong command; 3 when a printer does not
tell what became of one; 130 after Ctrl-C, which leaves the jobs printing.
"""
_WATCH_MORE: Final = """
Examples:
  pagebell watch                             everything on the server
  pagebell watch Office --events printer-state-changed
  pagebell watch 42                          one job, until it is done
  pagebell watch --json | jq .event
  pagebell watch ipp://printer.example/ipp/print

It goes on by itself after a lost connection, and says so where events are lost.

Exit status with a job: 0 when it was printed, 1 when it was not.
"""
_SERVE_MORE: Final = """
It prints the addresses of its printers when it is ready, and stops cleanly on
SIGTERM or Ctrl-C: what is printing is taken up again at the next start.

Examples:
  pagebell serve
  pagebell serve --ipp 0.0.0.0:631 --state /var/lib/pagebell
"""
_COMMANDS: Final = (
    ("serve", "pagebell.cli.serve:serve", "Run the print server.", _SERVE_MORE),
    ("demo", "pagebell.cli.demo:demo", "Print on a virtual printer, and watch.", ""),
    ("print", "pagebell.cli.printing:print_files", "Print files and tell how it goes.", _PRINT_MORE),
    ("watch", "pagebell.cli.watching:watch", "Print what happens as it happens.", _WATCH_MORE),
    ("jobs", "pagebell.cli.jobs:jobs", "List jobs.", ""),
    ("cancel", "pagebell.cli.jobs:cancel", "Cancel jobs.", ""),
    ("hold", "pagebell.cli.jobs:hold", "Keep waiting jobs from printing.", ""),
    ("release", "pagebell.cli.jobs:release", "Let held jobs print.", ""),
    ("restart", "pagebell.cli.jobs:restart", "Print finished jobs again.", ""),
    ("publish", "pagebell.cli.directory:publish", "Publish printers in a directory (LDAP).", ""),
    ("discover", "pagebell.cli.directory:discover", "Look printers up in a directory (LDAP).", ""),
)
"""Name, where it is, what it does, examples. They are named and not imported: help and each command start fast."""

for _name, _path, _summary, _epilogue in _COMMANDS:
    app.command(_path, name=_name, help=_summary, help_epilogue=_epilogue)
app.command(
    "pagebell.cli.printers:app", name="printers", help="List, add, change, pause and remove printers."
)
app.command(
    "pagebell.cli.subscriptions:app",
    name="subscriptions",
    help="List, add, renew and end subscriptions to events.",
)
app.command("pagebell.cli.dialogs:app", name="dialogs", help="Show what printers ask people, and answer it.")
app.command(
    "pagebell.cli.users:app", name="users", help="Let people in who print from Windows, or no longer."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status. Errors become sentences, never tracebacks."""
    tokens = list(sys.argv[1:] if arguments is None else arguments)
    try:
        result = app(tokens, exit_on_error=False, print_error=True, result_action="return_value")
        sys.stdout.flush()
    except CycloptsError:
        return EXIT_USAGE
    except KeyboardInterrupt:
        return EXIT_SIGNAL + signal.SIGINT
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone, and Python would complain at exit
        return EXIT_FAILED
    except Exception as error:  # noqa: BLE001 - the edge of the program
        return _report(error, debug="--debug" in tokens)
    return result if isinstance(result, int) else 0


def _report(error: Exception, *, debug: bool) -> int:
    from pagebell.cli.failures import CommandError, Interrupted, UsageError, sentence  # noqa: PLC0415
    from pagebell.ipp.errors import ClientError, OptionError  # noqa: PLC0415

    if debug:
        traceback.print_exception(error)
    if isinstance(error, Interrupted):
        return EXIT_SIGNAL + error.number
    known = isinstance(error, ClientError | CommandError | OSError)
    text = sentence(error) if known else f"Something unexpected went wrong: {type(error).__name__}: {error}."
    hint = "" if known or debug else " Run the command again with --debug for the details, and report them."
    print(f"pagebell: {text}{hint}", file=sys.stderr)
    return EXIT_USAGE if isinstance(error, OptionError | UsageError) else EXIT_FAILED
