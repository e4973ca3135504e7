"""How long to wait before another attempt."""

from __future__ import annotations

import random


def delay_s(attempts: int, first_s: float, longest_s: float, *, spread: float = 0.2) -> float:
    """Seconds to wait after so many attempts: doubled each time, up to a limit.

    A little chance in it keeps many that failed together from coming back together.

    Args:
        attempts: Attempts made, at least 1.
        first_s: Seconds after the first.
        longest_s: Most seconds.
        spread: Most that chance adds or takes, as a fraction.

    Example:
        >>> [delay_s(n, 10, 60, spread=0) for n in (1, 2, 3, 4, 500)]
        [10.0, 20.0, 40.0, 60.0, 60.0]
    """
    doubled = first_s * 2.0 ** min(attempts - 1, 60)
    return min(doubled, longest_s) * (1 + random.uniform(-spread, spread))
