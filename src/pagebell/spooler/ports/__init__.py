"""What the spooler needs of the outside, each as a `typing.Protocol`; adapters are chosen in `pagebell.app`.

A module an object: import from here, look there.
"""

from pagebell.spooler.ports.clock import Clock
from pagebell.spooler.ports.conversion import Conversion, Converter, Inspector
from pagebell.spooler.ports.courier import Courier, CourierFactory, Parcel, Undelivered
from pagebell.spooler.ports.device import (
    Commandable,
    Device,
    DeviceFactory,
    DeviceFailed,
    DeviceStatus,
    JobCanceled,
    JobCutOff,
    Report,
    Work,
)
from pagebell.spooler.ports.directory import Directory
from pagebell.spooler.ports.documents import Content, DocumentStore, Stored, Upload
from pagebell.spooler.ports.fetcher import Fetcher, FetchFailed, SchemeRefused
from pagebell.spooler.ports.signers import Signers
from pagebell.spooler.ports.store import (
    Base,
    Change,
    Committed,
    Conflict,
    Contents,
    Count,
    JobQuery,
    Setting,
    Snapshot,
    Store,
)

__all__ = [
    "Base",
    "Change",
    "Clock",
    "Commandable",
    "Committed",
    "Conflict",
    "Content",
    "Contents",
    "Conversion",
    "Converter",
    "Count",
    "Courier",
    "CourierFactory",
    "Device",
    "DeviceFactory",
    "DeviceFailed",
    "DeviceStatus",
    "Directory",
    "DocumentStore",
    "FetchFailed",
    "Fetcher",
    "Inspector",
    "JobCanceled",
    "JobCutOff",
    "JobQuery",
    "Parcel",
    "Report",
    "SchemeRefused",
    "Setting",
    "Signers",
    "Snapshot",
    "Store",
    "Stored",
    "Undelivered",
    "Upload",
    "Work",
]
