"""Run by the system's Python, which has Samba's bindings: a Windows client that measures a print server.

spoolss_client.py SMB_CONF BINDING USER PASSWORD PRINTER WHAT SECONDS

WHAT is `jobs` (jobs a second: open, start, page, 4 KB, end, close), `write` (MB a second of 64 KB pieces) or `list`
(milliseconds of EnumJobs at level 2, with as many jobs as there are). Prints a number and, for `list`, how many jobs.
"""

import struct
import sys
import time

from samba.credentials import Credentials
from samba.dcerpc import spoolss
from samba.ndr import ndr_pack
from samba.param import LoadParm

configuration, binding, user, password, printer, what, seconds = sys.argv[1:]
PIECE, SMALL = 64 * 1024, 4 * 1024
parameters = LoadParm()
parameters.load(configuration)
credentials = Credentials()
credentials.guess(parameters)
credentials.set_domain("WORKGROUP")
credentials.set_username(user)
credentials.set_password(password)
server = spoolss.spoolss(binding, parameters, credentials)


def client():
    """Who asks: a Windows 10."""
    level, who = spoolss.UserLevelCtr(), spoolss.UserLevel1()
    who.size, who.client, who.user = 28, "\\\\client", user
    who.build, who.major, who.minor, who.processor = 19045, 10, 0, 9
    level.level, level.user_info = 1, who
    return level


def document():
    """What is printed."""
    container, info = spoolss.DocumentInfoCtr(), spoolss.DocumentInfo1()
    info.document_name, info.output_file, info.datatype = "bench", None, "RAW"
    container.level, container.info = 1, info
    return container


def opened():
    """A handle of the printer."""
    return server.OpenPrinterEx(printer, None, spoolss.DevmodeContainer(), 8, client())


def jobs(limit):
    """Whole jobs, one after the other."""
    done, begun, piece = 0, time.perf_counter(), b"a" * SMALL
    while time.perf_counter() - begun < limit:
        handle = opened()
        server.StartDocPrinter(handle, document())
        server.StartPagePrinter(handle)
        server.WritePrinter(handle, piece, len(piece))
        server.EndPagePrinter(handle)
        server.EndDocPrinter(handle)
        server.ClosePrinter(handle)
        done += 1
    return done / (time.perf_counter() - begun)


def write(limit):
    """One document, as much as goes into the time."""
    handle, piece, done = opened(), b"a" * PIECE, 0
    server.StartDocPrinter(handle, document())
    server.StartPagePrinter(handle)
    begun = time.perf_counter()
    while time.perf_counter() - begun < limit:
        done += server.WritePrinter(handle, piece, PIECE)
    took = time.perf_counter() - begun
    server.EndDocPrinter(handle)
    server.ClosePrinter(handle)
    return done / took / 2**20


def listing(limit):
    """All jobs with their details, as a queue's window asks for them.

    The octets are sent and taken as they are: python3-samba reads freed memory when it makes objects of many jobs.
    """
    handle, room = opened(), 2**20
    buffer = bytes(room)
    body = (
        ndr_pack(handle) + struct.pack("<5I", 0, 10_000, 2, 0x20000, room) + buffer + struct.pack("<I", room)
    )
    times, found = [], 0
    begun = time.perf_counter()
    while not times or time.perf_counter() - begun < limit:
        start = time.perf_counter()
        answer = server.request(4, body)
        times.append(time.perf_counter() - start)
        _, found, result = struct.unpack("<3I", answer[-12:])
        if result:
            sys.exit(f"EnumJobs: {result}")
    server.ClosePrinter(handle)
    return f"{sorted(times)[len(times) // 2] * 1000} {found}"


print({"jobs": jobs, "write": write, "list": listing}[what](float(seconds)))
