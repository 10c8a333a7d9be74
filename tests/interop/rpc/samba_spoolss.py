"""Run by the system's Python, which has Samba's bindings: spoolss requests and buffers as Samba packs them, as JSON."""

import json
import sys

from samba.dcerpc import misc, spoolss
from samba.ndr import ndr_pack, ndr_pack_in, ndr_unpack


def handle():
    value = misc.policy_handle()
    value.uuid = misc.GUID("11223344-5566-7788-99aa-bbccddeeff00")
    return value


def start_doc():
    call = spoolss.StartDocPrinter()
    info, document = spoolss.DocumentInfoCtr(), spoolss.DocumentInfo1()
    document.document_name, document.output_file, document.datatype = "Grüße", None, "RAW"
    info.level, info.info = 1, document
    call.in_handle, call.in_info_ctr = handle(), info
    return call


def write():
    call = spoolss.WritePrinter()
    call.in_handle, call.in_data, call.in__data_size = handle(), b"12345", 5
    return call


def plain(kind, **values):
    call = kind()
    for name, value in values.items():
        setattr(call, "in_" + name, value)
    return call


REQUESTS = {
    "start_doc": start_doc,
    "write": write,
    "start_page": lambda: plain(spoolss.StartPagePrinter, handle=handle()),
    "end_doc": lambda: plain(spoolss.EndDocPrinter, handle=handle()),
    "close": lambda: plain(spoolss.ClosePrinter, handle=handle()),
    "get_data": lambda: plain(spoolss.GetPrinterData, handle=handle(), value_name="ChangeID", offered=4),
    "set_job": lambda: plain(spoolss.SetJob, handle=handle(), job_id=7, ctr=None, command=3),
    "delete_form": lambda: plain(spoolss.DeleteForm, handle=handle(), form_name="A4"),
}


def job():
    value = spoolss.JobInfo2()
    value.job_id, value.printer_name, value.user_name, value.document_name = 7, "p1", "ada", "Letter"
    value.status, value.total_pages, value.size = 16, 3, 4096
    return value


def form():
    value = spoolss.FormInfo1()
    value.flags, value.form_name = 1, "A4"
    value.size.width, value.size.height = 210000, 297000
    value.area.right, value.area.bottom = 210000, 297000
    return value


def driver():
    value = spoolss.DriverInfo8()
    value.version, value.driver_name, value.driver_version = 3, "A driver", 0x0001000200030004
    value.manufacturer_name = "Maker"
    return value


BUFFERS = {"job": job, "form": form, "driver": driver}
READERS = {"job": spoolss.JobInfo2, "form": spoolss.FormInfo1, "driver": spoolss.DriverInfo8}
FIELDS = {
    "job": ("job_id", "printer_name", "user_name", "document_name", "status", "total_pages", "size"),
    "form": ("flags", "form_name"),
    "driver": ("version", "driver_name", "driver_version", "manufacturer_name"),
}

ours = json.loads(sys.argv[1])
told = {"requests": {}, "buffers": {}, "read": {}}
for name, make in REQUESTS.items():
    told["requests"][name] = [ndr_pack_in(make(), ndr64=wide).hex() for wide in (False, True)]
for name, make in BUFFERS.items():
    told["buffers"][name] = ndr_pack(make()).hex()
    read = ndr_unpack(READERS[name], bytes.fromhex(ours[name]), allow_remaining=True)
    told["read"][name] = [getattr(read, field) for field in FIELDS[name]]
print(json.dumps(told))
