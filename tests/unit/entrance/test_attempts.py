"""How often an address may be wrong."""

from __future__ import annotations

from pagebell.entrance.attempts import Attempts, Patience


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_failures_run_out_and_come_back_with_time() -> None:
    clock = Clock()
    attempts = Attempts(clock, Patience(failures=3, seconds=10))
    for _ in range(3):
        assert attempts.wait("192.0.2.1") == 0
        attempts.failed("192.0.2.1")
    assert attempts.wait("192.0.2.1") == 10
    assert attempts.wait("192.0.2.2") == 0
    clock.now += 10
    assert attempts.wait("192.0.2.1") == 0
    attempts.failed("192.0.2.1")
    assert attempts.wait("192.0.2.1") == 10


def test_one_ipv6_network_is_one_address() -> None:
    attempts = Attempts(Clock(), Patience(failures=1))
    attempts.failed("2001:db8::1")
    assert attempts.wait("2001:db8::ffff:2") > 0
    assert attempts.wait("2001:db8:0:1::1") == 0
    attempts.failed("::ffff:192.0.2.7")
    assert attempts.wait("::ffff:192.0.2.7") > 0
    assert attempts.wait("::ffff:192.0.2.8") == 0


def test_memory_is_bounded() -> None:
    attempts = Attempts(Clock(), Patience(failures=1, addresses=2))
    for address in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
        attempts.failed(address)
    assert attempts.wait("192.0.2.1") == 0
    assert attempts.wait("192.0.2.3") > 0
