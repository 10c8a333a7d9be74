"""Run by the system's Python, which has Samba's bindings: prints the octets that Samba packs, as JSON."""

import json

from samba.dcerpc import epmapper, misc, spoolss
from samba.ndr import ndr_pack, ndr_pack_in, ndr_pack_out


def handle():
    value = misc.policy_handle()
    value.uuid = misc.GUID("11223344-5566-7788-99aa-bbccddeeff00")
    return value


def option_type(kind, fields):
    value = spoolss.NotifyOptionType()
    value.type, value.fields, value.count = kind, fields, len(fields)
    return value


def find_first():
    option = spoolss.NotifyOption()
    option.version = 2
    option.types = [option_type(1, [10, 13]), option_type(0, [18])]
    option.count = 2
    call = spoolss.RemoteFindFirstPrinterChangeNotifyEx()
    call.in_handle, call.in_flags, call.in_options = handle(), 0x100, 0
    call.in_local_machine, call.in_printer_local, call.in_notify_options = r"\\client", 7, option
    return call


def open_printer():
    one = spoolss.UserLevel1()
    one.size, one.client, one.user = 28, r"\\client", "alice"
    one.build, one.major, one.minor, one.processor = 9600, 6, 3, 9
    level = spoolss.UserLevelCtr()
    level.level, level.user_info = 1, one
    call = spoolss.OpenPrinterEx()
    call.in_printername, call.in_datatype, call.in_access_mask = r"\\host\Grüße 🖨", None, 8
    call.in_userlevel_ctr = level
    call.in_devmode_ctr = spoolss.DevmodeContainer()
    return call


def opened():
    call = open_printer()
    call.out_handle, call.result = handle(), 1801
    return call


def notify_info():
    text = spoolss.NotifyString()
    text.string, text.size = "RAW", 8
    first, second = spoolss.Notify(), spoolss.Notify()
    first.type, first.field, first.variable_type, first.job_id, first.data = 1, 13, 2, 5, text
    second.type, second.field, second.variable_type, second.job_id, second.data = 1, 10, 1, 5, [8, 0]
    info = spoolss.NotifyInfo()
    info.version, info.flags, info.count, info.notifies = 2, 1, 2, [first, second]
    return info


def refresh():
    call = spoolss.RouterReplyPrinterEx()
    call.in_handle, call.in_color, call.in_flags = handle(), 3, 0
    call.in_reply_type, call.in_info = 0, notify_info()
    return call


def ept_map_reply():
    floor = epmapper.epm_floor()
    floor.lhs.protocol, floor.lhs.lhs_data = epmapper.EPM_PROTOCOL_TCP, b""
    floor.rhs.port = 49152
    tower = epmapper.epm_tower()
    tower.num_floors, tower.floors = 1, [floor]
    twr = epmapper.epm_twr_t()
    twr.tower = tower
    pointer = epmapper.epm_twr_p_t()
    pointer.twr = twr
    call = epmapper.epm_Map()
    call.in_max_towers = 4
    call.out_entry_handle, call.out_num_towers, call.out_towers, call.result = handle(), 1, [pointer], 0
    return call


def both(pack, make):
    return [pack(make(), ndr64=wide).hex() for wide in (False, True)]


print(
    json.dumps(
        {
            "find_first": both(ndr_pack_in, find_first),
            "open_printer": both(ndr_pack_in, open_printer),
            "opened": both(ndr_pack_out, opened),
            "refresh": both(ndr_pack_in, refresh),
            "ept_map_reply": both(ndr_pack_out, ept_map_reply),
            "notify_info": [ndr_pack(notify_info()).hex()],
        }
    )
)
