"""Run by the system's Python, which has Samba's bindings: registers, prints, asks, and tells as JSON.

listen_by_samba.py WAY SMB_CONF BINDING USER PASSWORD PRINTER

WAY is `par`: [MS-PAR]'s calls that wait; or `rprn`: registers to be called, which the test does for it.
"""

import json
import sys

from samba.credentials import Credentials
from samba.dcerpc import spoolss, winspool
from samba.param import LoadParm

way, configuration, binding, user, password, printer = sys.argv[1:]
parameters = LoadParm()
parameters.load(configuration)
credentials = Credentials()
credentials.guess(parameters)
credentials.set_domain("WORKGROUP")
credentials.set_username(user)
credentials.set_password(password)

JOB_STATUS, JOB_DOCUMENT = 0x0A, 0x0D
ADD_JOB, CHANGE_JOB = 0x100, 0xF00
PRINTED = 0x80
OCTETS = b"%!PS To be or not to be"


def who():
    client = spoolss.UserLevelCtr()
    client.level = 1
    one = spoolss.UserLevel1()
    one.size, one.client, one.user = 28, "\\\\client", user
    one.build, one.major, one.minor, one.processor = 19045, 10, 0, 9
    client.user_info = one
    return client


def options():
    fields = []
    for number in (JOB_STATUS, JOB_DOCUMENT):
        fields.append(number)
    kind = spoolss.NotifyOptionType()
    kind.type, kind.count, kind.fields = 1, len(fields), fields
    found = spoolss.NotifyOption()
    found.version, found.flags, found.count, found.types = 2, 0, 1, [kind]
    return found


def document():
    info = spoolss.DocumentInfo1()
    info.document_name, info.output_file, info.datatype = "From Samba", None, "RAW"
    found = spoolss.DocumentInfoCtr()
    found.level, found.info = 1, info
    return found


def named(name, kind, value):
    one, typed = winspool.PrintNamedProperty(), winspool.PrintPropertyValue()
    typed.PropertyType, typed.value = kind, value
    one.propertyName, one.propertyValue = name, typed
    return one


def told(data):
    found = {one.propertyName: one.propertyValue.value for one in data.propertiesCollection}
    info = found["RemoteNotifyData Info"].pInfo
    return {
        "flags": found["RemoteNotifyData Flags"],
        "color": found["RemoteNotifyData Color"],
        "members": [[one.type, one.field, one.job_id, plain(one)] for one in info.notifies],
    }


def plain(one):
    return one.data.string if one.variable_type == 2 else list(one.data)


def status(members):
    found = [value[0] for type_, field, _, value in members if (type_, field) == (1, JOB_STATUS)]
    return found[-1] if found else 0


def members_of(info):
    return [[one.type, one.field, one.job_id, plain(one)] for one in info.notifies]


if way == "par":
    server = winspool.iremotewinspool(binding, parameters, credentials)
    handle = server.AsyncOpenPrinter(printer, None, spoolss.DevmodeContainer(), 8, who())
    wanted = winspool.NOTIFY_OPTIONS_CONTAINER()
    wanted.pOptions = options()
    number = winspool.PropertyTypeInt32
    collection = winspool.PrintPropertiesCollection()
    collection.propertiesCollection = [
        named("RemoteNotifyFilter Flags", number, CHANGE_JOB),
        named("RemoteNotifyFilter Options", number, 0),
        named("RemoteNotifyFilter NotifyOptions", winspool.PropertyTypeNotificationOptions, wanted),
        named("RemoteNotifyFilter Color", number, 7),
    ]
    collection.numberOfProperties = 4
    listening, result = server.SyncRegisterForRemoteNotifications(handle, collection)
    assert str(result[0] if isinstance(result, tuple) else result) in ("0", "0x0"), result
    job = server.AsyncStartDocPrinter(handle, document())
    heard = [told(server.AsyncGetRemoteNotifications(listening)[0])]
    everything = told(server.SyncRefreshRemoteNotifications(listening, collection)[0])
    server.AsyncStartPagePrinter(handle)
    written = server.AsyncWritePrinter(handle, list(OCTETS))
    server.AsyncEndPagePrinter(handle)
    server.AsyncEndDocPrinter(handle)
    while not status(heard[-1]["members"]) & PRINTED:
        heard.append(told(server.AsyncGetRemoteNotifications(listening)[0]))
    info = bytes(server.AsyncGetJob(handle, job, 1, [0] * 4096)[0])
    asked = int.from_bytes(info[28:32], "little")  # _JOB_INFO_1.Status: [MS-RPRN] 2.2.2.6.1
    server.SyncUnRegisterForRemoteNotifications(listening)
    server.AsyncClosePrinter(handle)
else:
    server = spoolss.spoolss(binding, parameters, credentials)
    handle = server.OpenPrinterEx(printer, None, spoolss.DevmodeContainer(), 8, who())
    server.RemoteFindFirstPrinterChangeNotifyEx(handle, CHANGE_JOB, 0, "\\\\client", 4711, options())
    job = server.StartDocPrinter(handle, document())
    everything = {"members": members_of(server.RouterRefreshPrinterChangeNotify(handle, 0, options()))}
    heard = []  # the test does
    server.StartPagePrinter(handle)
    written = server.WritePrinter(handle, OCTETS, len(OCTETS))
    server.EndPagePrinter(handle)
    server.EndDocPrinter(handle)
    sys.stdin.readline()  # the test has been called: the job is printed
    asked = server.GetJob(handle, job, 2, bytes(8192), 8192)[0].status
    server.FindClosePrinterNotify(handle)
    server.ClosePrinter(handle)
print(json.dumps({"job": job, "written": written, "heard": heard, "everything": everything, "asked": asked}))
