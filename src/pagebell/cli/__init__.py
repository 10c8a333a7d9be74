"""The command ``pagebell``: each command is loaded only when it is called for."""

from __future__ import annotations

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
  pagebell cancel 42                         stop job 42
  pagebell printers add Office --device ipp://printer.example/ipp/print

The server is the one at --server, or PAGEBELL_SERVER, or else on this computer.
"""

EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_INTERRUPTED: Final = 130


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
# Registered by name, so that no command is loaded for another one; one line more for each new command.
app.command("pagebell.cli.serve:serve", name="serve", help="Run the print server.")
app.command("pagebell.cli.demo:demo", name="demo", help="Print on a virtual printer, and watch.")
app.command("pagebell.cli.printing:print_files", name="print", help="Print files and tell how it goes.")
app.command("pagebell.cli.jobs:jobs", name="jobs", help="List jobs.")
app.command("pagebell.cli.jobs:cancel", name="cancel", help="Cancel jobs.")
app.command("pagebell.cli.jobs:hold", name="hold", help="Keep waiting jobs from printing.")
app.command("pagebell.cli.jobs:release", name="release", help="Let held jobs print.")
app.command("pagebell.cli.jobs:restart", name="restart", help="Print finished jobs again.")
app.command(
    "pagebell.cli.printers:app", name="printers", help="List, add, change, pause and remove printers."
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
        return EXIT_INTERRUPTED
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
        return EXIT_INTERRUPTED
    known = isinstance(error, ClientError | CommandError | OSError)
    text = sentence(error) if known else f"Something unexpected went wrong: {type(error).__name__}: {error}."
    hint = "" if known or debug else " Run the command again with --debug for the details, and report them."
    print(f"pagebell: {text}{hint}", file=sys.stderr)
    return EXIT_USAGE if isinstance(error, OptionError | UsageError) else EXIT_FAILED
