"""Waiting: doubled, bounded, spread."""

from hypothesis import given
from hypothesis import strategies as st

from bonescan.jobs.backoff import delay_s


@given(st.integers(1, 10_000), st.floats(0.1, 100), st.floats(100, 1e5))
def test_a_wait_is_within_its_bounds(attempts, first, longest):
    assert 0.8 * min(first, longest) <= delay_s(attempts, first, longest) <= 1.2 * longest


def test_chance_spreads_it():
    assert len({delay_s(3, 10, 100) for _ in range(20)}) > 10
