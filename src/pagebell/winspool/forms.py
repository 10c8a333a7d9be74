"""The forms that every print server has, by PWG 5101.1 names and by DMPAPER numbers ([MS-RPRN] 2.2.2.1)."""

from __future__ import annotations

from dataclasses import dataclass

from pagebell.model.printer import media_size


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A form, the number that a DEVMODE has for it, and its media name."""

    name: str
    paper: int
    media: str

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in thousandths of a millimetre."""
        found = media_size(self.media)
        assert found is not None
        return found.x * 10, found.y * 10


BUILT_IN: tuple[BuiltIn, ...] = (
    BuiltIn("Letter", 1, "na_letter_8.5x11in"),
    BuiltIn("Tabloid", 3, "na_ledger_11x17in"),
    BuiltIn("Legal", 5, "na_legal_8.5x14in"),
    BuiltIn("Statement", 6, "na_invoice_5.5x8.5in"),
    BuiltIn("Executive", 7, "na_executive_7.25x10.5in"),
    BuiltIn("A3", 8, "iso_a3_297x420mm"),
    BuiltIn("A4", 9, "iso_a4_210x297mm"),
    BuiltIn("A5", 11, "iso_a5_148x210mm"),
    BuiltIn("B4 (JIS)", 12, "jis_b4_257x364mm"),
    BuiltIn("B5 (JIS)", 13, "jis_b5_182x257mm"),
    BuiltIn("Folio", 14, "na_foolscap_8.5x13in"),
    BuiltIn("Envelope #10", 20, "na_number-10_4.125x9.5in"),
    BuiltIn("Envelope DL", 27, "iso_dl_110x220mm"),
    BuiltIn("Envelope C5", 28, "iso_c5_162x229mm"),
    BuiltIn("Envelope C4", 30, "iso_c4_229x324mm"),
    BuiltIn("Envelope C6", 31, "iso_c6_114x162mm"),
    BuiltIn("Envelope Monarch", 37, "na_monarch_3.875x7.5in"),
    BuiltIn("A2", 66, "iso_a2_420x594mm"),
    BuiltIn("A6", 70, "iso_a6_105x148mm"),
)
BY_PAPER = {form.paper: form for form in BUILT_IN}
BY_MEDIA = {form.media: form for form in BUILT_IN}
