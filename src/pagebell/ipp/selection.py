"""Which attributes a client asked for: "requested-attributes" and its group names (RFC 8011 4.2.5.1)."""

from __future__ import annotations

from collections.abc import Collection as Names
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from pagebell.ipp.attributes import Section
from pagebell.ipp.registry import ATTRIBUTES, NOT_IN_ALL, media_col
from pagebell.ipp.values import GroupTag

_SUFFIXES: Final = ("-default", "-supported", "-ready", "-database")

_OF_MEDIA_COL: Final = frozenset(f"{member.name}-supported" for member in media_col.members or ())
"""What tells the members of the template "media-col": PWG's self-certification of IPP Everywhere printers (test
I-10.6) and CUPS count them to the job template, though the registry has them among the descriptions."""

_TEMPLATES: Final[dict[GroupTag, dict[str, Section]]] = {
    GroupTag.PRINTER: {
        "job-template": Section.JOB_TEMPLATE,
        "document-template": Section.DOCUMENT_TEMPLATE,
        "subscription-template": Section.SUBSCRIPTION_TEMPLATE,
    },
    GroupTag.JOB: {"job-template": Section.JOB_TEMPLATE},
    GroupTag.DOCUMENT: {"document-template": Section.DOCUMENT_TEMPLATE},
    GroupTag.SUBSCRIPTION: {"subscription-template": Section.SUBSCRIPTION_TEMPLATE},
}
_DESCRIPTIONS: Final[dict[GroupTag, str]] = {
    GroupTag.PRINTER: "printer-description",
    GroupTag.JOB: "job-description",
    GroupTag.DOCUMENT: "document-description",
    GroupTag.SUBSCRIPTION: "subscription-description",
    GroupTag.SYSTEM: "system-description",
    GroupTag.RESOURCE: "resource-description",
}
_STATUS: Final[dict[str, tuple[GroupTag, Section]]] = {
    "job-status": (GroupTag.JOB, Section.JOB_STATUS),
    "printer-status": (GroupTag.PRINTER, Section.PRINTER_STATUS),
    "document-status": (GroupTag.DOCUMENT, Section.DOCUMENT_STATUS),
    "system-status": (GroupTag.SYSTEM, Section.SYSTEM_STATUS),
    "resource-status": (GroupTag.RESOURCE, Section.RESOURCE_STATUS),
}

_APART: Final = {GroupTag.SYSTEM: Section.SYSTEM_STATUS, GroupTag.RESOURCE: Section.RESOURCE_STATUS}
"""Where the status is no part of the description: PWG 5100.22 keeps them apart."""

_OF_SUBSCRIPTIONS: Final = frozenset(
    {
        *("notify-max-events-supported", "notify-schemes-supported"),
        *("charset-supported", "generated-natural-language-supported"),
    }
)
"""What else stands in column 2 of RFC 3995's table 1: it belongs to 'subscription-template' besides."""


@cache
def _of(section: Section) -> frozenset[str]:
    return frozenset(name for name, attr in ATTRIBUTES.items() if section in attr.sections)


def _template(name: str, of: GroupTag, section: Section) -> bool:
    """A printer tells of the template "copies" with "copies-default", "copies-supported" and the like."""
    names = _of(section)
    if of is not GroupTag.PRINTER:
        return name in names
    if section is Section.JOB_TEMPLATE and name in _OF_MEDIA_COL:
        return True
    if section is Section.SUBSCRIPTION_TEMPLATE and name in _OF_SUBSCRIPTIONS:
        return True
    return any(name.endswith(suffix) and name.removesuffix(suffix) in names for suffix in _SUFFIXES)


@lru_cache(maxsize=2**15)
def _selected(selection: Selection, name: str) -> bool:
    return name in selection.names or any(selection._in_group(name, group) for group in selection.names)


@dataclass(frozen=True, slots=True)
class Selection:
    """The attributes that were asked for; ``name in selection`` tells whether to return one."""

    of: GroupTag
    names: frozenset[str]

    def __contains__(self, name: str) -> bool:
        return _selected(self, name)

    def _in_group(self, name: str, group: str) -> bool:
        if name in NOT_IN_ALL:
            return False
        if group == "all":
            return True
        templates = _TEMPLATES.get(self.of, {})
        if (section := templates.get(group)) is not None:
            return _template(name, self.of, section)
        if group == _DESCRIPTIONS.get(self.of) and (status := _APART.get(self.of)) is not None:
            return name not in _of(status)
        if group == _DESCRIPTIONS.get(self.of):
            described = self.of is GroupTag.PRINTER and name in _OF_SUBSCRIPTIONS
            return described or not any(_template(name, self.of, section) for section in templates.values())
        of, section = _STATUS.get(group, (None, None))
        return of is self.of and section is not None and name in _of(section)

    def unknown(self, supported: Names[str]) -> list[str]:
        """What was asked for by a name that is neither a group's nor supported, sorted."""
        groups = {"all", *_TEMPLATES.get(self.of, {}), *_STATUS, _DESCRIPTIONS.get(self.of, "all")}
        return sorted(self.names - groups - frozenset(supported))


def select(requested: list[str] | None, of: GroupTag, default: tuple[str, ...] = ("all",)) -> Selection:
    """Resolve "requested-attributes" for objects of the group ``of``; ``default`` when none was sent.

    The names of groups and of attributes may be mixed. "printer-description" is, as practice has it, all
    that is no template, extensions of vendors included.
    """
    return Selection(of, frozenset(requested or default))
