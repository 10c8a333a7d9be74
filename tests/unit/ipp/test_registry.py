"""The generated vocabulary is what its generator makes of IANA's registrations."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.attributes import Section

ROOT = Path(__file__).parents[3]
XML = os.environ.get("PAGEBELL_IPP_REGISTRATIONS")


@pytest.mark.skipif(XML is None, reason="PAGEBELL_IPP_REGISTRATIONS does not name ipp-registrations.xml")
def test_registry_is_what_the_generator_makes() -> None:
    command = [sys.executable, str(ROOT / "tools/gen_ipp.py"), str(XML)]
    made = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert made == Path(str(r.__file__)).read_text()


def test_facts_of_the_specifications() -> None:
    """A sample read in the documents themselves, not in the registry."""
    assert r.Op.PRINT_JOB == 0x0002
    assert r.Op.GET_NOTIFICATIONS == 0x001C
    assert r.Op.CUPS_GET_DEFAULT == 0x4001
    assert [state.name for state in r.JobState] == [
        *("PENDING", "PENDING_HELD", "PROCESSING", "PROCESSING_STOPPED", "CANCELED", "ABORTED", "COMPLETED")
    ]
    assert r.Status.SUCCESSFUL_OK_IGNORED_SUBSCRIPTIONS == 0x0003
    assert r.sides.keywords == {"one-sided", "two-sided-long-edge", "two-sided-short-edge"}
    assert Section.JOB_TEMPLATE in r.copies.sections
    assert r.job_priority.syntaxes[0][1:] == (1, 100)
    assert not r.job_name.multiple
    assert r.notify_events.multiple
    assert r.printer_info.syntaxes[0].upper == 127


def test_every_attribute_is_a_module_level_name() -> None:
    for name, attr in r.ATTRIBUTES.items():
        assert getattr(r, name.replace("-", "_").replace(".", "_")) is attr
