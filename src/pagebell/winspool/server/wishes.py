"""What the jobs of a handle shall be like: its DEVMODE, as far as the printer can do it. [MS-RPRN] 3.1.4.2.2"""

from __future__ import annotations

from dataclasses import replace

from pagebell.model.document import NO_WISHES, Ticket
from pagebell.model.printer import Capabilities
from pagebell.winspool import devmode
from pagebell.winspool.idl.containers import DEVMODE_CONTAINER
from pagebell.winspool.werror import Win32, Win32Error


def wishes(container: DEVMODE_CONTAINER, able: Capabilities) -> Ticket:
    """What it asks for; what the printer can't do is silently left out. Raises Win32Error. [MS-RPRN] 3.1.4.1.8.1"""
    if not container.pDevMode:
        return NO_WISHES
    try:
        asked = devmode.decode(container.pDevMode)
    except devmode.DevmodeError:
        raise Win32Error(Win32.INVALID_PARAMETER) from None
    resolution = asked.printer_resolution
    can = {
        "media": asked.media in able.media,
        "sides": asked.sides in able.sides,
        "print_color_mode": able.color or asked.print_color_mode == "monochrome",
        "print_quality": asked.print_quality in able.qualities,
        "printer_resolution": resolution is not None and set(resolution[:2]) <= set(able.resolutions),
        "copies": asked.copies is not None and asked.copies <= able.max_copies,
    }
    return replace(asked, **{name: None for name, possible in can.items() if not possible})
