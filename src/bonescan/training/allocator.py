"""Make glibc keep freed memory: U-Net training on a CPU is about twice as fast."""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD = -1
_M_TOP_PAD = -2
_M_MMAP_MAX = -4


def keep_freed_memory() -> bool:
    """Tell malloc neither to use mmap nor to give memory back, which torch's large short-lived tensors provoke.

    Call before torch is imported. Without glibc nothing happens.

    Returns:
        Whether the setting was made.
    """
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallopt"):
        return False
    settings = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, 2**31 - 1), (_M_TOP_PAD, 256 << 20))
    made = [libc.mallopt(option, value) == 1 for option, value in settings]
    return all(made)
