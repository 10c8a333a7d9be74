"""Run by the system's Python, which has Samba's bindings: prints a file and tells the job's number as JSON.

print_by_samba.py SMB_CONF BINDING USER PASSWORD PRINTER FILE
"""

import json
import sys

from samba.credentials import Credentials
from samba.dcerpc import spoolss
from samba.param import LoadParm

configuration, binding, user, password, printer, path = sys.argv[1:]
parameters = LoadParm()
parameters.load(configuration)
credentials = Credentials()
credentials.guess(parameters)
credentials.set_domain("WORKGROUP")
credentials.set_username(user)
credentials.set_password(password)
server = spoolss.spoolss(binding, parameters, credentials)

client = spoolss.UserLevelCtr()
client.level = 1
who = spoolss.UserLevel1()
who.size, who.client, who.user = 28, "\\\\client", user
who.build, who.major, who.minor, who.processor = 19045, 10, 0, 9
client.user_info = who
handle = server.OpenPrinterEx(printer, None, spoolss.DevmodeContainer(), 8, client)

document = spoolss.DocumentInfoCtr()
document.level = 1
info = spoolss.DocumentInfo1()
info.document_name, info.output_file, info.datatype = "From Samba", None, "RAW"
document.info = info
number = server.StartDocPrinter(handle, document)
listed = server.EnumJobs(handle, 0, 10, 2, bytes(8192), 8192)[1]
server.StartPagePrinter(handle)
written = 0
with open(path, "rb") as file:
    while piece := file.read(4000):
        written += server.WritePrinter(handle, piece, len(piece))
server.EndPagePrinter(handle)
server.EndDocPrinter(handle)
described = server.GetPrinter(handle, 2, bytes(8192), 8192)[0]
server.ClosePrinter(handle)
print(
    json.dumps(
        {
            "job": number,
            "written": written,
            "listed": [[job.job_id, job.document_name, job.user_name, job.status] for job in listed],
            "printer": [described.printername, described.servername, described.drivername],
            "devmode": described.devmode.formname if described.devmode else None,
        }
    )
)
