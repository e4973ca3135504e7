"""Draw what the default model finds in the example study: `python -m benchmarks.overlay`."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

import bonescan as bs
import bonescan.examples

TARGET = Path(__file__).resolve().parents[1] / "docs" / "images" / "example-overlay.png"
GREYS, COLOURS = 36, 28
_COLOURED = 24
"""Least difference between the channels of a pixel that is part of an outline or a number."""


def main() -> None:
    """Analyse the example and write its overlay with few colours: greys apart from outlines, which must keep theirs."""
    with TemporaryDirectory() as folder:
        bs.write(bs.analyze(bs.read(bonescan.examples.path())), folder, formats=("png",))
        (written,) = Path(folder).rglob("overlay.png")
        with Image.open(written) as picture:
            few_colours(np.asarray(picture.convert("RGB"))).save(TARGET, optimize=True)


def few_colours(picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Image.Image:
    """(rows, columns, 3) uint8 as a picture with a palette."""
    coloured = np.ptp(picture.astype(int), axis=2) > _COLOURED
    greys = np.rint(np.linspace(0, 255, GREYS)).astype(np.uint8)
    index = np.rint(picture.mean(axis=2) / 255 * (GREYS - 1)).astype(np.uint8)
    palette = [int(grey) for grey in greys for _ in range(3)]
    if coloured.any():
        outlines = Image.fromarray(picture[coloured][None]).quantize(COLOURS, dither=Image.Dither.NONE)
        index[coloured] = GREYS + np.asarray(outlines)[0]
        palette += (outlines.getpalette() or [])[: 3 * COLOURS]
    result = Image.fromarray(index).convert("P")
    result.putpalette(palette)
    return result


if __name__ == "__main__":
    main()
