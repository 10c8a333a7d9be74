"""What a `simulated:` URI says: the settings of a virtual printer, and its seeded faults."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, unquote, urlsplit

from pagebell.ipp.registry import Finishings
from pagebell.model.printer import PDF_VERSIONS, Capabilities, media_size

FORMATS = (
    "application/pdf",
    "image/pwg-raster",
    "image/urf",
    "image/jpeg",
    "image/png",
    "application/postscript",
    "text/plain",
    "application/octet-stream",
)
MEDIA = (
    "iso_a4_210x297mm",
    "na_letter_8.5x11in",
    "iso_a5_148x210mm",
    "iso_a3_297x420mm",
    "na_legal_8.5x14in",
)
DUPLEX = ("one-sided", "two-sided-long-edge", "two-sided-short-edge")


@dataclass(frozen=True, slots=True)
class Settings:
    """How a virtual printer behaves."""

    ppm: float = 30.0
    """Pages a minute."""
    media: int = 250
    """Sheets that the tray holds; it is full at first."""
    low: int = 25
    """From so few sheets on it says that paper is low."""
    toner: int = 5000
    """Pages that a cartridge lasts; it is full at first."""
    warmup: float = 2.0
    """Seconds before the first page after it has been idle for `cools` seconds."""
    cools: float = 60.0
    seed: str = "0"
    """Same seed, same probabilities: the same faults at the same pages."""
    jam: float = 0.0
    offline: float = 0.0
    """Probabilities, a page."""
    repair: float = 30.0
    """Seconds after which a fault by chance goes away by itself; 0: it waits for a command."""
    capabilities: Capabilities = field(default_factory=Capabilities)

    @property
    def page_time(self) -> float:
        """Seconds a page."""
        return 60.0 / self.ppm


def fault_at(settings: Settings, page: int) -> str | None:
    """The fault that chance has for the printer's n-th page: `jam`, `offline` or None. Pure."""
    if not settings.jam and not settings.offline:
        return None
    draw = random.Random(f"{settings.seed}:{page}")
    if draw.random() < settings.jam:
        return "jam"
    return "offline" if draw.random() < settings.offline else None


def parse(uri: str) -> Settings:
    """Read `simulated://NAME?ppm=30&media=250&...`. Raises ValueError that says what is wrong."""
    parts = urlsplit(uri)
    if parts.scheme != "simulated":
        raise ValueError(f"{uri!r} is no simulated: URI")
    values: dict[str, object] = {}
    for name, text in parse_qsl(parts.query, keep_blank_values=True):
        read = _KEYS.get(name)
        if read is None:
            known = ", ".join(sorted(_KEYS))
            raise ValueError(f"a simulated printer knows no setting {name!r}; it knows {known}")
        try:
            values[name] = read(text)
        except ValueError as error:
            raise ValueError(f"{name}={text} in the URI of a simulated printer: {error}") from None
    label = unquote(parts.netloc + parts.path).strip("/")
    known_fields = {name: values[name] for name in _PLAIN if name in values}
    settings = Settings(**known_fields, capabilities=_capabilities(label, values))  # type: ignore[arg-type]
    if "low" not in values:
        settings = _with_low(settings)
    return settings


def _with_low(settings: Settings) -> Settings:
    return replace(settings, low=min(settings.low, max(1, settings.media // 10)))


def _capabilities(label: str, values: dict[str, object]) -> Capabilities:
    media = values.get("sizes", MEDIA)
    formats = values.get("formats", FORMATS)
    resolutions = values.get("dpi", (300, 600))
    finishings = values.get("finishings", ())
    assert isinstance(media, tuple)
    assert isinstance(formats, tuple)
    assert isinstance(resolutions, tuple)
    assert isinstance(finishings, tuple)
    ppm = values.get("ppm", 30.0)
    assert isinstance(ppm, float)
    return Capabilities(
        make_and_model=str(values.get("model", "")) or f"Pagebell Virtual Printer {label}".strip(),
        formats=formats,
        media=media,
        media_sources=("auto", "tray-1"),
        sides=DUPLEX if values.get("duplex", True) else ("one-sided",),
        pdf_versions=PDF_VERSIONS,
        color=bool(values.get("color", True)),
        resolutions=resolutions,
        qualities=(3, 4, 5),
        finishings=(Finishings.NONE, *finishings),
        resumes=True,
        pages_per_minute=max(1, round(ppm)),
        identify=("display", "flash", "sound"),
    )


def _number(least: float, most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            raise ValueError("a number is wanted") from None
        if not least <= number <= most:
            raise ValueError(f"it must be from {least:g} to {most:g}")
        return number

    return read


def _count(least: int, most: int) -> Callable[[str], int]:
    number = _number(least, most)

    def read(text: str) -> int:
        value = number(text)
        if value != int(value):
            raise ValueError("a whole number is wanted")
        return int(value)

    return read


def _flag(text: str) -> bool:
    known = {"yes": True, "true": True, "1": True, "": True, "no": False, "false": False, "0": False}
    try:
        return known[text.lower()]
    except KeyError:
        raise ValueError("write yes or no") from None


def _words(text: str) -> tuple[str, ...]:
    words = tuple(word for word in text.split(",") if word)
    if not words:
        raise ValueError("at least one is wanted")
    return words


def _sizes(text: str) -> tuple[str, ...]:
    names = _words(text)
    for name in names:
        if media_size(name) is None:
            raise ValueError(f"{name!r} is no media name such as iso_a4_210x297mm")
    return names


def _resolutions(text: str) -> tuple[int, ...]:
    return tuple(_count(1, 10_000)(word) for word in _words(text))


def _finishings(text: str) -> tuple[int, ...]:
    found = []
    for word in dict.fromkeys(_words(text)):
        try:
            found.append(Finishings.named(word).value)
        except KeyError:
            raise ValueError(f"{word!r} is no finishing such as staple or punch-dual-left") from None
    return tuple(number for number in found if number != Finishings.NONE)


_PLAIN: dict[str, Callable[[str], object]] = {
    "ppm": _number(0.01, 100_000),
    "media": _count(1, 1_000_000),
    "low": _count(0, 1_000_000),
    "toner": _count(1, 100_000_000),
    "warmup": _number(0, 3600),
    "cools": _number(0, 86_400),
    "seed": str,
    "jam": _number(0, 1),
    "offline": _number(0, 1),
    "repair": _number(0, 86_400),
}
_KEYS: dict[str, Callable[[str], object]] = {
    **_PLAIN,
    "color": _flag,
    "duplex": _flag,
    "sizes": _sizes,
    "formats": _words,
    "dpi": _resolutions,
    "finishings": _finishings,
    "model": str,
}
