"""docs/dependencies.md tells of everything that Pagebell stands on, and of nothing else."""

from __future__ import annotations

import re
import tomllib

from tests.docs.examples import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
TEXT = (ROOT / "docs/dependencies.md").read_text()
OURS_OR_PYTHONS = {"sqlite3", "IPP codec"}


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9_-]", one)[0] for one in requirements}


def section(title: str) -> str:
    return TEXT.split(f"## {title}\n")[1].split("\n## ")[0]


def told_in(title: str) -> set[str]:
    return {
        name
        for paragraph in section(title).split("\n\n")
        for name in re.findall(r"\*\*(.+?)\*\*", paragraph.partition(": ")[0])
    }


def test_every_extra_has_its_paragraph() -> None:
    extras = PROJECT["project"]["optional-dependencies"].values()
    assert told_in("In extras") == set().union(*map(names, extras))


def test_every_dependency_at_run_time_has_its_paragraph() -> None:
    told = told_in("At run time")
    assert told - OURS_OR_PYTHONS == names(PROJECT["project"]["dependencies"])


def test_every_dependency_for_development_is_told() -> None:
    rows = re.findall(r"^\| (.*?) \|", section("For development"), re.MULTILINE)
    told = {name.strip() for row in rows for name in row.split(",")}
    groups = PROJECT["dependency-groups"]
    for group, requirements in groups.items():
        assert names(requirements) <= told, f"group {group}"
    assert names(PROJECT["build-system"]["requires"]) <= told
