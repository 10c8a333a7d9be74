"""The texts that an AsyncUI message names by number, in the user's language. [MS-PAN] 2.2.6

The specification fixes the numbers, what each text tells and how many parameters it has; the words are ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from pagebell.winspool.asyncui import CANCEL, OK, Button, Parameter, Text

_ENGLISH: Final[Mapping[int, str]] = {
    100: "…",
    101: "Your document went to the printer",
    102: "Document: %1\nPrinter: %2\nTime: %3\nPages: %4",
    103: "Out of paper",
    104: "“%1” has no paper left.",
    105: "Your document did not print",
    106: "Document: %1\nPrinter: %2\nTime: %3\nPages: %4",
    107: "A door is open",
    108: "“%1” has an open door.",
    109: "Printer error",
    110: "“%1” reports an error.",
    111: "Out of toner or ink",
    112: "“%1” has no toner or ink left.",
    113: "Printer not available",
    114: "“%1” can't print now.",
    115: "Printer offline",
    116: "“%1” is offline.",
    117: "Out of memory",
    118: "“%1” has no memory left.",
    119: "Output tray full",
    120: "The output tray of “%1” is full.",
    121: "Paper jam",
    122: "Paper is stuck in “%1”.",
    123: "Out of paper",
    124: "“%1” needs paper.",
    125: "Trouble with the paper",
    126: "“%1” has trouble with its paper.",
    127: "Printer paused",
    128: "“%1” is paused.",
    129: "The printer needs you",
    130: "“%1” has a problem that somebody must see to.",
    131: "Toner or ink is low",
    132: "“%1” has little toner or ink left.",
    600: "OK",
    601: "Cancel",
    1000: "Document: %1\n",
    1001: "Printer: %1\n",
    1002: "Paper: %1\n",
    1003: "Ink: %1\n",
    1004: "Cartridge: %1\n",
    1005: "Where the paper is stuck: %1\n",
    1006: "The printer has a problem",
    1007: "Look at the printer: something is wrong there.",
    1008: "Look at the printer's state and its settings.",
    1009: "See whether the printer is switched on and ready.",
    1100: "The printer is ready for the second sides.",
    1101: "To print the second sides, take the pages out and put them back into the input tray, printed side up.",
    1102: "To print the second sides, take the pages out and put them back into the input tray, printed side down.",
    1200: "Then press Resume on the printer.",
    1201: "Then press Cancel on the printer.",
    1202: "Then press OK on the printer.",
    1203: "Then press Online on the printer.",
    1204: "Then press Reset on the printer.",
    1300: "The printer is offline.",
    1301: "There is no connection to the printer. Look at its cable or its network.",
    1302: "The printer does not answer. Look at its cable or its network.",
    1400: "Paper jam",
    1401: "Paper is stuck in your printer.",
    1402: "Clear the paper jam: until then the printer can't print.",
    1403: "Clear the printer's paper jam.",
    1500: "Your printer has no paper left.",
    1501: "Put paper into the printer.",
    1502: "Put paper into the printer's tray %1.",
    1503: "Put %1 paper into the printer's tray %2.",
    1600: "Your printer's output tray is full.",
    1601: "Empty the printer's output tray.",
    1700: "Your printer has trouble with its paper",
    1701: "Look at your printer's paper.",
    1800: "Your printer has no ink left",
    1801: "Your printer's ink cartridge is empty.",
    1802: "Your printer has no toner left.",
    1803: "Refill the printer's ink.",
    1804: "Replace the printer's ink cartridge.",
    1805: "Refill the printer's toner.",
    2000: "Cyan",
    2001: "Magenta",
    2002: "Yellow",
    2003: "Black",
    2004: "Light cyan",
    2005: "Light magenta",
    2006: "Red",
    2007: "Green",
    2008: "Blue",
    2009: "Gloss optimizer",
    2010: "Photo black",
    2011: "Matte black",
    2012: "Photo cyan",
    2013: "Photo magenta",
    2014: "Light black",
    2015: "Ink optimizer",
    2016: "Photo blue",
    2017: "Photo gray",
    2018: "Photo tricolor",
    2100: "Cyan cartridge",
    2101: "Magenta cartridge",
    2102: "Black cartridge",
    2103: "CMYK cartridge",
    2104: "Gray cartridge",
    2105: "Color cartridge",
    2106: "Photo cartridge",
    2200: "A door of your printer is open.",
    2201: "A cover of your printer is open.",
    2202: "Close the printer's doors: until then it can't print.",
    2203: "Close the printer's covers: until then it can't print.",
    2300: "Your printer does not print",
    2301: "Look at your printer",
    2302: "Your printer has no memory left",
    2303: "Your document may not come out right; the online help knows more.",
    2400: "Your printer has little ink left",
    2401: "Your printer's ink cartridge is nearly empty.",
    2402: "Your printer has little toner left",
    2403: "Refill the printer's ink when it is needed.",
    2404: "Replace the printer's ink cartridge when it is needed.",
    2405: "Refill the printer's toner when it is needed.",
    2500: "Your printer's ink system does not work",
    2501: "Your printer's ink cartridge does not work",
    2502: "Your printer's toner system does not work",
    2503: "Look at your printer's ink system.",
    2504: "Look at your printer's ink cartridge.",
    2505: "Look at your printer's toner system.",
    2506: "See whether the printer's ink cartridge sits as it should.",
    2600: "The printer has been paused",
    2601: "“%1” does not print: somebody paused it at the device.",
    2602: "“%1” does not print: somebody took it offline at the device.",
    2700: "Your document is printed.",
    2701: "Your document lies in the output tray.",
    2702: "%1!d! documents wait for %2",
    2703: "(unknown)",
}

_GERMAN: Final[Mapping[int, str]] = {
    100: "…",
    101: "Ihr Dokument ging an den Drucker",
    102: "Dokument: %1\nDrucker: %2\nZeit: %3\nSeiten: %4",
    103: "Kein Papier",
    104: "„%1“ hat kein Papier mehr.",
    105: "Ihr Dokument wurde nicht gedruckt",
    106: "Dokument: %1\nDrucker: %2\nZeit: %3\nSeiten: %4",
    107: "Eine Klappe ist offen",
    108: "An „%1“ steht eine Klappe offen.",
    109: "Druckerfehler",
    110: "„%1“ meldet einen Fehler.",
    111: "Toner oder Tinte leer",
    112: "„%1“ hat keinen Toner oder keine Tinte mehr.",
    113: "Drucker nicht verfügbar",
    114: "„%1“ kann gerade nicht drucken.",
    115: "Drucker offline",
    116: "„%1“ ist offline.",
    117: "Kein Speicher mehr",
    118: "„%1“ hat keinen Speicher mehr frei.",
    119: "Ausgabefach voll",
    120: "Das Ausgabefach von „%1“ ist voll.",
    121: "Papierstau",
    122: "In „%1“ steckt Papier fest.",
    123: "Kein Papier",
    124: "„%1“ braucht Papier.",
    125: "Schwierigkeit mit dem Papier",
    126: "„%1“ hat Schwierigkeiten mit dem Papier.",
    127: "Drucker angehalten",
    128: "„%1“ ist angehalten.",
    129: "Der Drucker braucht Sie",
    130: "„%1“ hat ein Problem, um das sich jemand kümmern muss.",
    131: "Toner oder Tinte geht zu Ende",
    132: "„%1“ hat nur noch wenig Toner oder Tinte.",
    600: "OK",
    601: "Abbrechen",
    1000: "Dokument: %1\n",
    1001: "Drucker: %1\n",
    1002: "Papier: %1\n",
    1003: "Tinte: %1\n",
    1004: "Patrone: %1\n",
    1005: "Stelle des Papierstaus: %1\n",
    1006: "Der Drucker hat ein Problem",
    1007: "Sehen Sie nach dem Drucker: Dort stimmt etwas nicht.",
    1008: "Sehen Sie nach Zustand und Einstellungen des Druckers.",
    1009: "Sehen Sie nach, ob der Drucker eingeschaltet und bereit ist.",
    1100: "Der Drucker ist bereit für die Rückseiten.",
    1101: "Für die Rückseiten nehmen Sie die Blätter heraus und legen sie mit der bedruckten Seite nach oben ein.",
    1102: "Für die Rückseiten nehmen Sie die Blätter heraus und legen sie mit der bedruckten Seite nach unten ein.",
    1200: "Drücken Sie dann am Drucker Fortsetzen.",
    1201: "Drücken Sie dann am Drucker Abbrechen.",
    1202: "Drücken Sie dann am Drucker OK.",
    1203: "Drücken Sie dann am Drucker Online.",
    1204: "Drücken Sie dann am Drucker Reset.",
    1300: "Der Drucker ist offline.",
    1301: "Es gibt keine Verbindung zum Drucker. Sehen Sie nach Kabel und Netz.",
    1302: "Der Drucker antwortet nicht. Sehen Sie nach Kabel und Netz.",
    1400: "Papierstau",
    1401: "In Ihrem Drucker steckt Papier fest.",
    1402: "Beseitigen Sie den Papierstau: Bis dahin kann der Drucker nicht drucken.",
    1403: "Beseitigen Sie den Papierstau.",
    1500: "Ihr Drucker hat kein Papier mehr.",
    1501: "Legen Sie Papier ein.",
    1502: "Legen Sie Papier in Fach %1 ein.",
    1503: "Legen Sie Papier der Sorte %1 in Fach %2 ein.",
    1600: "Das Ausgabefach Ihres Druckers ist voll.",
    1601: "Leeren Sie das Ausgabefach.",
    1700: "Ihr Drucker hat Schwierigkeiten mit dem Papier",
    1701: "Sehen Sie nach dem Papier Ihres Druckers.",
    1800: "Ihr Drucker hat keine Tinte mehr",
    1801: "Die Tintenpatrone Ihres Druckers ist leer.",
    1802: "Ihr Drucker hat keinen Toner mehr.",
    1803: "Füllen Sie Tinte nach.",
    1804: "Wechseln Sie die Tintenpatrone.",
    1805: "Füllen Sie Toner nach.",
    2000: "Cyan",
    2001: "Magenta",
    2002: "Gelb",
    2003: "Schwarz",
    2004: "Hellcyan",
    2005: "Hellmagenta",
    2006: "Rot",
    2007: "Grün",
    2008: "Blau",
    2009: "Glanzoptimierer",
    2010: "Fotoschwarz",
    2011: "Mattschwarz",
    2012: "Fotocyan",
    2013: "Fotomagenta",
    2014: "Hellschwarz",
    2015: "Tintenoptimierer",
    2016: "Fotoblau",
    2017: "Fotograu",
    2018: "Foto dreifarbig",
    2100: "Cyanpatrone",
    2101: "Magentapatrone",
    2102: "Schwarzpatrone",
    2103: "CMYK-Patrone",
    2104: "Graupatrone",
    2105: "Farbpatrone",
    2106: "Fotopatrone",
    2200: "Eine Klappe Ihres Druckers ist offen.",
    2201: "Eine Abdeckung Ihres Druckers ist offen.",
    2202: "Schließen Sie die Klappen: Bis dahin kann der Drucker nicht drucken.",
    2203: "Schließen Sie die Abdeckungen: Bis dahin kann der Drucker nicht drucken.",
    2300: "Ihr Drucker druckt nicht",
    2301: "Sehen Sie nach Ihrem Drucker",
    2302: "Ihr Drucker hat keinen Speicher mehr frei",
    2303: "Ihr Dokument kommt vielleicht nicht richtig heraus; die Onlinehilfe weiß mehr.",
    2400: "Ihr Drucker hat nur noch wenig Tinte",
    2401: "Die Tintenpatrone Ihres Druckers ist fast leer.",
    2402: "Ihr Drucker hat nur noch wenig Toner",
    2403: "Füllen Sie Tinte nach, wenn es so weit ist.",
    2404: "Wechseln Sie die Tintenpatrone, wenn es so weit ist.",
    2405: "Füllen Sie Toner nach, wenn es so weit ist.",
    2500: "Das Tintensystem Ihres Druckers arbeitet nicht",
    2501: "Die Tintenpatrone Ihres Druckers arbeitet nicht",
    2502: "Das Tonersystem Ihres Druckers arbeitet nicht",
    2503: "Sehen Sie nach dem Tintensystem Ihres Druckers.",
    2504: "Sehen Sie nach der Tintenpatrone Ihres Druckers.",
    2505: "Sehen Sie nach dem Tonersystem Ihres Druckers.",
    2506: "Sehen Sie nach, ob die Tintenpatrone richtig sitzt.",
    2600: "Der Drucker wurde angehalten",
    2601: "„%1“ druckt nicht: Jemand hat ihn am Gerät angehalten.",
    2602: "„%1“ druckt nicht: Jemand hat ihn am Gerät offline geschaltet.",
    2700: "Ihr Dokument ist gedruckt.",
    2701: "Ihr Dokument liegt im Ausgabefach.",
    2702: "%1!d! Dokumente warten auf %2",
    2703: "(unbekannt)",
}

LANGUAGES: Final[Mapping[str, Mapping[int, str]]] = {"en": _ENGLISH, "de": _GERMAN}
"""By language tag."""

Lookup = Callable[[int, str | None], str | None]
"""From a number and a driver's file (None: the default file) to a text; None where there is none."""

_BUTTONS: Final = {OK: 600, CANCEL: 601}
_TAG: Final = re.compile(r"%([1-9][0-9]?)(?:!([^!]*)!)?")


def lookup(language: str = "en") -> Lookup:
    """The default file in a language, English where there is no such. Drivers' own files nobody has here."""
    strings = LANGUAGES.get(language.partition("-")[0].lower(), _ENGLISH)
    return lambda number, resource: strings.get(number) if resource is None else None


def words(text: Text, find: Lookup, printer: str = "") -> str:
    """A text as people read it, its parameters in their places. [MS-PAN] 2.2.7.1.3

    A resource that nobody here has is named, so that a support line can look it up.
    """
    pattern = text.text if text.string_id is None else _resource(text.string_id, text.resource, find)
    given = [_value(parameter, find, printer) for parameter in text.parameters]

    def fill(tag: re.Match[str]) -> str:
        index = int(tag[1]) - 1
        return given[index] if index < len(given) else tag[0]

    return _TAG.sub(fill, pattern)


def label(button: Button, find: Lookup) -> str:
    """What stands on a button."""
    if button.answer in _BUTTONS and button.string_id is None:
        return find(_BUTTONS[button.answer], None) or ""
    assert button.string_id is not None, "such a button can't be made"
    return _resource(button.string_id, button.resource, find)


def _value(parameter: Parameter, find: Lookup, printer: str) -> str:
    if parameter.printer_name:
        return printer
    found = None if parameter.string_id is None else find(parameter.string_id, parameter.resource)
    if found is not None:
        return found
    return parameter.text or _missing(parameter.string_id or 0, parameter.resource)


def _resource(number: int, resource: str | None, find: Lookup) -> str:
    found = find(number, resource)
    return _missing(number, resource) if found is None else found


def _missing(number: int, resource: str | None) -> str:
    return f"(message {number} of {resource})" if resource else f"(message {number})"
