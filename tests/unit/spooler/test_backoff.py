from hypothesis import given
from hypothesis import strategies as st

from pagebell.spooler.backoff import Backoff


def test_waits_double_up_to_the_most_and_begin_anew() -> None:
    backoff = Backoff(1, 8, lambda: 0.0)
    assert [backoff.next() for _ in range(5)] == [1, 2, 4, 8, 8]
    backoff.reset()
    assert backoff.next() == 1


@given(st.floats(0, 1, exclude_max=True))
def test_chance_shortens_a_wait_by_up_to_half(draw: float) -> None:
    assert 0.5 <= Backoff(1, 8, lambda: draw).next() <= 1
