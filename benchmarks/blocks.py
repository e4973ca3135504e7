"""Blocks of figures in pages: what stands between two comments is written from a result file."""

from __future__ import annotations

from collections.abc import Sequence


def with_block(text: str, begin: str, end: str, lines: Sequence[str]) -> str:
    """A page's text with the lines between two comments replaced.

    Args:
        text: Of the page.
        begin: The comment before the block.
        end: The comment after it.
        lines: The block.

    Raises:
        ValueError: The page has no such block.
    """
    head, found, rest = text.partition(begin)
    _, closed, tail = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"the page has no block {begin} … {end}")
    return "\n".join([head + begin, *lines, end]) + tail
