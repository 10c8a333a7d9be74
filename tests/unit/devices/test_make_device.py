from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import pagebell.devices
from pagebell.devices import make_device, schemes
from pagebell.devices.file import FileDevice
from pagebell.devices.null import NullDevice
from pagebell.devices.simulated import SimulatedDevice
from tests.unit.devices.work import Work


def test_devices_are_found_by_scheme(tmp_path: Path) -> None:
    assert isinstance(make_device(f"file://{tmp_path}"), FileDevice)
    assert isinstance(make_device("null:"), NullDevice)
    assert isinstance(make_device("simulated://?ppm=5"), SimulatedDevice)
    assert {"file", "null", "simulated"} <= set(schemes())


@pytest.mark.parametrize("uri", ["gopher://x", "", "nonsense", "http://[", "/dev/null"])
def test_unknown_scheme_names_the_known_ones(uri: str) -> None:
    with pytest.raises(ValueError, match="no device"):
        make_device(uri)


def test_unknown_scheme_lists() -> None:
    with pytest.raises(
        ValueError, match=r"no device for gopher:; known are .*file:.*null:.*simulated:.*socket:"
    ):
        make_device("gopher://x")


def test_plugin_that_can_not_be_loaded_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = EntryPoint("broken", "no_such_module:Device", pagebell.devices.GROUP)
    monkeypatch.setattr(pagebell.devices, "entry_points", lambda **wanted: (broken,))
    with pytest.raises(ValueError, match=r"plug-in for broken: \(no_such_module:Device\) can't be loaded"):
        make_device("broken:")


async def test_null_device_reads_all_and_counts() -> None:
    work = Work(b"x" * 100, b"y", pages=3)
    await make_device("null:").print(work)
    assert work.progress == [3]


def test_null_device_takes_no_settings() -> None:
    with pytest.raises(ValueError, match="write just null:"):
        make_device("null:///x?y")
