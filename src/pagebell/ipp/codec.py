"""The IPP codec as one door: values, messages, and the ways between them and octets (RFC 8010)."""

from pagebell.ipp.decoder import CodecError, Fault, Limits, decode
from pagebell.ipp.encoder import encode, encode_attribute, encode_message_parts
from pagebell.ipp.message import Group, Message
from pagebell.ipp.reader import MessageReader
from pagebell.ipp.values import (
    OUT_OF_BAND,
    Attribute,
    Collection,
    Data,
    GroupTag,
    IntRange,
    LangString,
    Resolution,
    Tag,
    Value,
)

__all__ = [
    "OUT_OF_BAND",
    "Attribute",
    "CodecError",
    "Collection",
    "Data",
    "Fault",
    "Group",
    "GroupTag",
    "IntRange",
    "LangString",
    "Limits",
    "Message",
    "MessageReader",
    "Resolution",
    "Tag",
    "Value",
    "decode",
    "encode",
    "encode_attribute",
    "encode_message_parts",
]
