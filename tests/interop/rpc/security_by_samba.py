"""Run by the system's Python, which has Samba's bindings: tells a printer's security descriptor, and may set another.

security_by_samba.py SMB_CONF BINDING USER PASSWORD PRINTER [SDDL]: prints the descriptor as SDDL, then as JSON
whether the user may open the printer to print there.
"""

import json
import sys

from samba import WERRORError
from samba.credentials import Credentials
from samba.dcerpc import security, spoolss
from samba.ndr import ndr_pack
from samba.param import LoadParm

configuration, binding, user, password, printer, *wanted = sys.argv[1:]
parameters = LoadParm()
parameters.load(configuration)
credentials = Credentials()
credentials.guess(parameters)
credentials.set_domain("WORKGROUP")
credentials.set_username(user)
credentials.set_password(password)
server = spoolss.spoolss(binding, parameters, credentials)
SID = security.dom_sid("S-1-5-21-1-2-3")
client = spoolss.UserLevelCtr()
client.level = 1
who = spoolss.UserLevel1()
who.size, who.client, who.user, who.build, who.major, who.minor, who.processor = (
    28,
    "\\\\c",
    user,
    19045,
    10,
    0,
    9,
)
client.user_info = who


def opened(access):
    return server.OpenPrinterEx(printer, None, spoolss.DevmodeContainer(), access, client)


try:
    handle = opened(0x000F000C if wanted else 8)
except WERRORError as error:
    print(json.dumps({"refused": error.args[0]}))
    sys.exit()
if wanted:
    descriptor = security.descriptor.from_sddl(wanted[0], SID)
    secured = spoolss.sec_desc_buf() if hasattr(spoolss, "sec_desc_buf") else security.sec_desc_buf()
    secured.sd = descriptor
    secured.sd_size = len(ndr_pack(descriptor))
    info = spoolss.SetPrinterInfoCtr()
    info.level, info.info = 3, spoolss.SetPrinterInfo3()
    server.SetPrinter(handle, info, spoolss.DevmodeContainer(), secured, 0)
info, needed = server.GetPrinter(handle, 3, b"\0" * 4096, 4096)
print(json.dumps({"sddl": info.secdesc.as_sddl(SID)}))
