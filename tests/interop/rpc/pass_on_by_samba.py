"""Run by the system's Python, which has Samba's bindings: passes news of a job on to Samba's print service.

pass_on_by_samba.py SMB_CONF PRINTER JOB FIELD VALUE PID ...

Samba's processes mean to tell each other of changes, and the messages get lost: they are sent with a flag
(MSG_FLAG_LOWPRIORITY) that the recipient takes for a part of their type. This is the same message without it
(source3/printing/notify.c); what the print service then tells its clients is its own.
"""

import struct
import sys
import time

from samba.messaging import Messaging
from samba.param import LoadParm

MSG_PRINTER_NOTIFY2, JOB_NOTIFY_TYPE = 0x202, 1
configuration, printer, job, field, value, *processes = sys.argv[1:]
parameters = LoadParm()
parameters.load(configuration)
now = int(time.time())
head = struct.pack("<7I", now, 0, JOB_NOTIFY_TYPE, int(field), int(job), 0, 0)
message = printer.encode() + b"\0" + head + struct.pack("<2I", int(value), 0)
messages = struct.pack("<2I", 1, len(message)) + message
channel = Messaging(lp_ctx=parameters)
for process in processes:
    channel.send((int(process), 0), MSG_PRINTER_NOTIFY2, messages)
