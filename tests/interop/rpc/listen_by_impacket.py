"""Run by a Python that has impacket: registers, prints, and tells what it hears, as JSON.

listen_by_impacket.py WAY HOST PORT USER PASSWORD PRINTER OURS

WAY is `par`: [MS-PAR]'s calls that wait; or `rprn`: registers to be called, at OURS, where impacket's own server
listens. What impacket declares of notifications is wrong or missing, so that it is put together here from its
primitives, by the IDL.
"""

import json
import queue
import socket
import sys

from impacket.dcerpc.v5 import epm, par, rprn, transport
from impacket.dcerpc.v5.dtypes import DWORD, LONG, LPWSTR, NULL, ULONG, USHORT, WSTR
from impacket.dcerpc.v5.ndr import NDRCALL, NDRPOINTER, NDRSTRUCT, NDRUNION, NDRUniConformantArray
from impacket.dcerpc.v5.rpcrt import (
    RPC_C_AUTHN_LEVEL_PKT_INTEGRITY,
    RPC_C_AUTHN_LEVEL_PKT_PRIVACY,
    DCERPCServer,
)
from impacket.uuid import bin_to_uuidtup, string_to_bin

way, host, port, user, password, printer, ours = sys.argv[1:]
JOB_STATUS, JOB_DOCUMENT, ADD_JOB, COLOR, COOKIE = 0x0A, 0x0D, 0x100, 7, 4711
OBJECT = string_to_bin("9940ca8e-512f-4c58-88a9-61098d6896bd")
DCERPCSessionError = par.DCERPCSessionError

# ---------------------------------------------------------------- [MS-RPRN] 2.2.1.13


def pointer(to):
    """A [unique] pointer."""
    return type(f"P{to.__name__}", (NDRPOINTER,), {"referent": (("Data", to),)})


def union(name, tag, arms):
    """A union without its tag in front, which impacket takes for granted."""
    return type(name, (NDRUNION,), {"commonHdr": (("tag", tag),), "union": arms})


class Handle(NDRSTRUCT):
    structure = (("Data", '20s=b""'),)

    def getAlignment(self):
        return 4


class Words(NDRUniConformantArray):
    item = "<H"


class Text(NDRSTRUCT):
    structure = (("cbBuf", DWORD), ("pszString", pointer(Words)))


class Numbers(NDRSTRUCT):
    structure = (("first", DWORD), ("second", DWORD))


class OptionsType(NDRSTRUCT):
    structure = (
        *(("Type", USHORT), ("Reserved0", USHORT), ("Reserved1", DWORD), ("Reserved2", DWORD)),
        *(("Count", DWORD), ("pFields", pointer(Words))),
    )


class OptionsTypes(NDRUniConformantArray):
    item = OptionsType


class Options(NDRSTRUCT):
    structure = (("Version", DWORD), ("Reserved", DWORD), ("Count", DWORD), ("pTypes", pointer(OptionsTypes)))


Value = union("Value", ULONG, {1: ("numbers", Numbers), 2: ("text", Text)})


class Member(NDRSTRUCT):
    structure = (("Type", USHORT), ("Field", USHORT), ("Reserved", DWORD), ("Id", DWORD), ("Data", Value))


class Members(NDRUniConformantArray):
    item = Member


class Info(NDRSTRUCT):
    structure = (("Version", DWORD), ("Flags", DWORD), ("Count", DWORD), ("aData", Members))


def options():
    kind = OptionsType()
    kind["Type"], kind["Reserved0"], kind["Reserved1"], kind["Reserved2"] = 1, 0, 0, 0
    kind["Count"], kind["pFields"] = 2, [JOB_STATUS, JOB_DOCUMENT]
    found = Options()
    found["Version"], found["Reserved"], found["Count"] = 2, 0, 1
    found["pTypes"] = [kind]
    return found


def members(info):
    return [[one["Type"], one["Field"], one["Id"], plain(one)] for one in info["aData"]]


def plain(one):
    if one["Reserved"] & 0xFFFF == 2:
        return "".join(map(chr, one["Data"]["text"]["pszString"])).rstrip("\0")
    return [one["Data"]["numbers"]["first"], one["Data"]["numbers"]["second"]]


# ---------------------------------------------------------------- [MS-PAR] 2.2.2 to 2.2.7


class Eight(NDRSTRUCT):
    """The union has an arm of 64 bits, by which all of it is aligned; impacket looks at the tag alone."""

    def getAlignment(self):
        return 8


class OptionsContainer(Eight):
    structure = (("pOptions", pointer(Options)),)


class InfoContainer(Eight):
    structure = (("pInfo", pointer(Info)),)


class Number(Eight):
    structure = (("value", LONG),)


ARMS = {2: ("number", Number), 8: ("reply", InfoContainer), 9: ("options", OptionsContainer)}
Property = union("Property", USHORT, ARMS)


class PropertyValue(Eight):
    structure = (("ePropertyType", USHORT), ("value", Property))


class NamedProperty(NDRSTRUCT):
    structure = (("propertyName", LPWSTR), ("propertyValue", PropertyValue))


class NamedProperties(NDRUniConformantArray):
    item = NamedProperty


class Collection(NDRSTRUCT):
    structure = (("numberOfProperties", DWORD), ("propertiesCollection", pointer(NamedProperties)))


def named(name, kind, arm, value):
    one = NamedProperty()
    one["propertyName"] = name + "\0"
    one["propertyValue"]["ePropertyType"] = kind
    one["propertyValue"]["value"]["tag"] = kind
    if arm == "number":
        one["propertyValue"]["value"][arm]["value"] = value
    else:
        one["propertyValue"]["value"][arm] = value
    return one


def wanted():
    container = OptionsContainer()
    container["pOptions"] = options()
    found = Collection()
    found["numberOfProperties"] = 4
    found["propertiesCollection"] = [
        named("RemoteNotifyFilter Flags", 2, "number", ADD_JOB),
        named("RemoteNotifyFilter Options", 2, "number", 0),
        named("RemoteNotifyFilter NotifyOptions", 9, "options", container),
        named("RemoteNotifyFilter Color", 2, "number", COLOR),
    ]
    return found


def told(collection):
    found = {
        one["propertyName"].rstrip("\0"): one["propertyValue"]["value"]
        for one in collection["propertiesCollection"]
    }
    return {
        "flags": found["RemoteNotifyData Flags"]["number"]["value"],
        "color": found["RemoteNotifyData Color"]["number"]["value"],
        "members": members(found["RemoteNotifyData Info"]["reply"]["pInfo"]),
    }


# ---------------------------------------------------------------- calls


class DocInfo(NDRSTRUCT):
    structure = (("pDocName", LPWSTR), ("pOutputFile", LPWSTR), ("pDatatype", LPWSTR))


DocInfoUnion = union("DocInfoUnion", ULONG, {1: ("pDocInfo1", pointer(DocInfo))})


class DocInfoContainer(NDRSTRUCT):
    structure = (("Level", DWORD), ("DocInfo", DocInfoUnion))


class Octets(NDRUniConformantArray):
    item = "c"


def call(name, opnum, parameters, reply):
    """A pair of classes as impacket's `request` wants them."""
    globals()[name] = type(name, (NDRCALL,), {"opnum": opnum, "structure": parameters})
    globals()[name + "Response"] = type(
        name + "Response", (NDRCALL,), {"structure": (*reply, ("ErrorCode", ULONG))}
    )


IT = ("hPrinter", Handle)
for prefix, first in (("Rprn", (17, 18, 19, 20, 23, 29)), ("Par", (10, 11, 12, 13, 14, 20))):
    call(f"{prefix}StartDoc", first[0], (IT, ("pDocInfoContainer", DocInfoContainer)), (("pJobId", DWORD),))
    call(f"{prefix}StartPage", first[1], (IT,), ())
    call(f"{prefix}Write", first[2], (IT, ("pBuf", Octets), ("cbBuf", DWORD)), (("pcWritten", DWORD),))
    call(f"{prefix}EndPage", first[3], (IT,), ())
    call(f"{prefix}EndDoc", first[4], (IT,), ())
    call(f"{prefix}Close", first[5], (IT,), (IT,))
call("Register", 58, (IT, ("pNotifyFilter", Collection)), (("phRpcHandle", Handle),))
call("Unregister", 59, (("phRpcHandle", Handle),), (("phRpcHandle", Handle),))
call(
    "Refresh",
    60,
    (("hRpcHandle", Handle), ("pNotifyFilter", Collection)),
    (("ppNotifyData", pointer(Collection)),),
)
call("Get", 61, (("hRpcHandle", Handle),), (("ppNotifyData", pointer(Collection)),))
call(
    "FindFirst",
    65,
    (
        *(IT, ("fdwFlags", DWORD), ("fdwOptions", DWORD), ("pszLocalMachine", LPWSTR)),
        *(("dwPrinterLocal", DWORD), ("pOptions", pointer(Options))),
    ),
    (),
)
call("FindClose", 56, (IT,), ())


class Client:
    """A connection to one of the interfaces."""

    def __init__(self, interface, level, uuid=None):
        binding = transport.DCERPCTransportFactory(f"ncacn_ip_tcp:{host}[{port}]")
        binding.set_credentials(user, password, "WORKGROUP")
        binding.connect = lambda: self._connect(binding)
        self.rpc, self.uuid = binding.get_dce_rpc(), uuid
        self.rpc.set_auth_level(level)
        self.rpc.connect()
        self.rpc.bind(interface)

    def _connect(self, binding):
        """From the address at which we listen."""
        binding._TCPTransport__socket = socket.create_connection((host, int(port)), 20, (ours, 0))
        return 1

    def __call__(self, name, **values):
        request = globals()[name]()
        for key, value in values.items():
            request[key] = value
        return self.rpc.request(request, self.uuid)

    def print_document(self, prefix, handle):
        """[MS-PRSOD] 2.5.3.7.1"""
        container = DocInfoContainer()
        container["Level"] = container["DocInfo"]["tag"] = 1
        info = container["DocInfo"]["pDocInfo1"]
        info["pDocName"], info["pOutputFile"], info["pDatatype"] = "From impacket\0", NULL, "RAW\0"
        job = self(f"{prefix}StartDoc", hPrinter=handle, pDocInfoContainer=container)["pJobId"]
        self(f"{prefix}StartPage", hPrinter=handle)
        octets = [bytes([octet]) for octet in b"a document"]
        assert self(f"{prefix}Write", hPrinter=handle, pBuf=octets, cbBuf=len(octets))["pcWritten"] == len(
            octets
        )
        self(f"{prefix}EndPage", hPrinter=handle)
        self(f"{prefix}EndDoc", hPrinter=handle)
        return job


def who(module):
    """SPLCLIENT_CONTAINER"""
    found = module.SPLCLIENT_CONTAINER()
    found["Level"] = found["ClientInfo"]["tag"] = 1
    one = found["ClientInfo"]["pClientInfo1"]
    one["dwSize"], one["pMachineName"], one["pUserName"] = 28, "\\\\client\0", user + "\0"
    one["dwBuildNum"], one["dwMajorVersion"], one["dwMinorVersion"] = 19045, 10, 0
    one["wProcessorArchitecture"] = 9
    return found


def by_waiting():
    client = Client(par.MSRPC_UUID_PAR, RPC_C_AUTHN_LEVEL_PKT_PRIVACY, OBJECT)
    opened = par.hRpcAsyncOpenPrinter(client.rpc, printer + "\0", accessRequired=8, pClientInfo=who(par))[
        "pHandle"
    ]
    listening = client("Register", hPrinter=opened, pNotifyFilter=wanted())["phRpcHandle"]
    job = client.print_document("Par", opened)
    first = told(client("Get", hRpcHandle=listening)["ppNotifyData"])
    everything = told(client("Refresh", hRpcHandle=listening, pNotifyFilter=wanted())["ppNotifyData"])
    gone = client("Unregister", phRpcHandle=listening)["phRpcHandle"]
    client("ParClose", hPrinter=opened)
    return {"job": job, "first": first, "everything": everything, "gone": gone.hex()}


# ---------------------------------------------------------------- being called


class ReplyOpenPrinter(NDRCALL):
    structure = (
        *(("pMachine", WSTR), ("dwPrinterRemote", DWORD), ("dwType", DWORD)),
        *(("cbBuffer", DWORD), ("pBuffer", pointer(Octets))),
    )


Reply = union("Reply", ULONG, {0: ("pInfo", pointer(Info))})


class RouterReplyPrinterEx(NDRCALL):
    structure = (
        *(("hNotify", Handle), ("dwColor", DWORD), ("fdwFlags", DWORD)),
        *(("dwReplyType", DWORD), ("Reply", Reply)),
    )


class Listener:
    """What the server calls: an endpoint mapper and the client's side of winspool, both impacket's."""

    def __init__(self):
        self.heard = queue.Queue()
        self.closed = queue.Queue()
        spool = self.serving(0, rprn.MSRPC_UUID_RPRN, {58: self.opened, 66: self.told, 60: self.close})
        self.port = spool.getListenPort()
        self.serving(135, epm.MSRPC_UUID_PORTMAP, {3: self.mapped})

    def serving(self, number, interface, callbacks):
        server = DCERPCServer()
        server.daemon = True
        server._listenAddress = ours
        server.setListenPort(number)
        server.addCallbacks(bin_to_uuidtup(interface), str(number), callbacks)
        server.start()
        return server

    def mapped(self, data):
        """The tower that is asked for, with our port in it."""
        asked = b"".join(epm.ept_map(data)["map_tower"]["tower_octet_string"])
        head, floor, rest = asked.partition(b"\1\0\7\2\0")
        tower = head + floor + self.port.to_bytes(2, "big") + rest[2:]
        found = epm.twr_p_t()
        found["tower_length"] = len(tower)
        found["tower_octet_string"] = tower
        reply = epm.ept_mapResponse()
        reply["num_towers"], reply["status"] = 1, 0
        reply["ITowers"].append(found)
        return reply.getData()

    def opened(self, data):
        call = ReplyOpenPrinter(data)
        self.heard.put({"machine": call["pMachine"].rstrip("\0"), "cookie": call["dwPrinterRemote"]})
        return b"\0\0\0\0" + rprn.MSRPC_UUID_RPRN[:16] + b"\0\0\0\0"

    def told(self, data):
        call = RouterReplyPrinterEx(data)
        self.heard.put({"flags": call["fdwFlags"], "members": members(call["Reply"]["pInfo"])})
        return (1).to_bytes(4, "little") + b"\0\0\0\0"

    def close(self, data):
        self.closed.put(True)
        return bytes(24)


def by_being_called():
    listener = Listener()
    client = Client(rprn.MSRPC_UUID_RPRN, RPC_C_AUTHN_LEVEL_PKT_INTEGRITY)
    opened = rprn.hRpcOpenPrinterEx(client.rpc, printer + "\0", accessRequired=8, pClientInfo=who(rprn))[
        "pHandle"
    ]
    client(
        "FindFirst",
        **{"hPrinter": opened, "fdwFlags": ADD_JOB, "fdwOptions": 0, "pszLocalMachine": "\\\\client\0"},
        **{"dwPrinterLocal": COOKIE, "pOptions": options()},
    )
    called = listener.heard.get(timeout=20)
    job = client.print_document("Rprn", opened)
    first = listener.heard.get(timeout=20)
    client("FindClose", hPrinter=opened)
    closed = listener.closed.get(timeout=20)
    client("RprnClose", hPrinter=opened)
    return {"job": job, "called": called, "first": first, "closed": closed}


print(json.dumps(by_waiting() if way == "par" else by_being_called()))
