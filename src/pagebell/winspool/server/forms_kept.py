"""The forms of this server: those that are built in, and those that administrators added, in memory alone."""

from __future__ import annotations

from dataclasses import dataclass, field

from pagebell.model.errors import AlreadyExists, NotFound, TooMany
from pagebell.winspool.constants import FormFlags
from pagebell.winspool.forms import BUILT_IN
from pagebell.winspool.infos import FORM_INFO_2

MOST = 500


def _built_in() -> dict[str, FORM_INFO_2]:
    return {
        form.name.casefold(): FORM_INFO_2(
            Flags=FormFlags.BUILTIN,
            pName=form.name,
            Size=form.size,
            ImageableArea=(0, 0, *form.size),
            pKeyword=form.name,
            pDisplayName=form.name,
        )
        for form in BUILT_IN
    }


@dataclass(slots=True)
class Forms:
    """Forms by name."""

    _forms: dict[str, FORM_INFO_2] = field(default_factory=_built_in)

    def all(self) -> list[FORM_INFO_2]:
        """All, the built-in ones first."""
        return list(self._forms.values())

    def get(self, name: str) -> FORM_INFO_2 | None:
        """One; None where there is none."""
        return self._forms.get(name.casefold())

    def add(self, form: FORM_INFO_2) -> None:
        """Add one. Raises AlreadyExists, TooMany."""
        key = (form.pName or "").casefold()
        if key in self._forms:
            raise AlreadyExists(f"there is a form {form.pName!r} already")
        if len(self._forms) >= MOST:
            raise TooMany(f"there are {MOST} forms")
        self._forms[key] = form

    def change(self, form: FORM_INFO_2) -> None:
        """Change one. Raises NotFound."""
        key = (form.pName or "").casefold()
        if key not in self._forms:
            raise NotFound(f"there is no form {form.pName!r}")
        self._forms[key] = form

    def delete(self, name: str) -> None:
        """Remove one that was added. Raises NotFound."""
        if self._forms.pop(name.casefold(), None) is None:
            raise NotFound(f"there is no form {name!r}")
