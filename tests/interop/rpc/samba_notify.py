"""Run by the system's Python, which has Samba's bindings: requests about notifications as Samba packs them, as JSON."""

import json

from samba.dcerpc import misc, spoolss, winspool
from samba.ndr import ndr_pack_in


def handle():
    value = misc.policy_handle()
    value.uuid = misc.GUID("11223344-5566-7788-99aa-bbccddeeff00")
    return value


def options():
    found = spoolss.NotifyOption()
    kinds = []
    for type_, fields in ((0, [4, 18]), (1, [10, 13, 22])):
        kind = spoolss.NotifyOptionType()
        kind.type, kind.count, kind.fields = type_, len(fields), fields
        kinds.append(kind)
    found.version, found.flags, found.count, found.types = 2, 0, 2, kinds
    return found


def find_first():
    call = spoolss.RemoteFindFirstPrinterChangeNotifyEx()
    call.in_handle, call.in_flags, call.in_options = handle(), 0x100, 0
    call.in_local_machine, call.in_printer_local, call.in_notify_options = "\\\\me", 4711, options()
    return call


def refresh():
    call = spoolss.RouterRefreshPrinterChangeNotify()
    call.in_handle, call.in_change_low, call.in_options = handle(), 3, options()
    return call


def register():
    wanted = winspool.NOTIFY_OPTIONS_CONTAINER()
    wanted.pOptions = options()
    properties = []
    for name, kind, value in (
        ("RemoteNotifyFilter Flags", 2, 0x100),
        ("RemoteNotifyFilter Options", 2, 0),
        ("RemoteNotifyFilter NotifyOptions", 9, wanted),
        ("RemoteNotifyFilter Color", 2, 7),
    ):
        one, typed = winspool.PrintNamedProperty(), winspool.PrintPropertyValue()
        typed.PropertyType, typed.value = kind, value
        one.propertyName, one.propertyValue = name, typed
        properties.append(one)
    collection = winspool.PrintPropertiesCollection()
    collection.propertiesCollection, collection.numberOfProperties = properties, len(properties)
    call = winspool.SyncRegisterForRemoteNotifications()
    call.in_hPrinter, call.in_pNotifyFilter = handle(), collection
    return call


calls = {"find_first": find_first, "refresh": refresh, "register": register}
print(
    json.dumps(
        {
            name: [ndr_pack_in(make()).hex(), ndr_pack_in(make(), ndr64=True).hex()]
            for name, make in calls.items()
        }
    )
)
