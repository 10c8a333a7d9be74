"""Names of attributes and keywords for people, as printer-strings-uri serves them (PWG 5100.13 6.5.35)."""

from __future__ import annotations

from typing import Final

_ATTRIBUTES: Final = {
    "copies": "Copies",
    "finishings": "Finishing",
    "job-hold-until": "Print when",
    "job-priority": "Priority",
    "media": "Paper",
    "number-up": "Pages per side",
    "orientation-requested": "Orientation",
    "output-bin": "Output tray",
    "page-ranges": "Pages",
    "print-color-mode": "Colour",
    "print-quality": "Quality",
    "sides": "Two-sided",
}
_KEYWORDS: Final = {
    "job-hold-until": {
        "no-hold": "At once",
        "indefinite": "When released",
        "day-time": "By day (6 to 18 h)",
        "evening": "In the evening (18 to 22 h)",
        "night": "At night (22 to 6 h)",
        "weekend": "At the weekend",
        "second-shift": "In the second shift (16 to 24 h)",
        "third-shift": "In the third shift (0 to 8 h)",
    },
    "media": {
        "iso_a3_297x420mm": "A3",
        "iso_a4_210x297mm": "A4",
        "iso_a5_148x210mm": "A5",
        "na_index-4x6_4x6in": "4 × 6 in",
        "na_legal_8.5x14in": "US Legal",
        "na_letter_8.5x11in": "US Letter",
    },
    "print-color-mode": {"auto": "Automatic", "color": "Colour", "monochrome": "Black and white"},
    "sides": {
        "one-sided": "Off",
        "two-sided-long-edge": "Like a book",
        "two-sided-short-edge": "Like a notepad",
    },
}


def strings() -> str:
    """The file in the strings format: `"attribute" = "Name";` and `"attribute.keyword" = "Name";` a line."""
    lines = [f'"{name}" = "{text}";' for name, text in _ATTRIBUTES.items()]
    for name, keywords in _KEYWORDS.items():
        lines += [f'"{name}.{keyword}" = "{text}";' for keyword, text in keywords.items()]
    return "\n".join(lines) + "\n"
