"""Reading the voxel phantoms of ICRP Publication 110: the adult male (AM) and female (AF).

The phantoms are the ICRP's and do not ship. Two forms are read: as published (`AM.dat`, `AF.dat` and the tables
`AM_organs.dat`, `AF_organs.dat`), and the compact `icrp110_AM.npz` (arrays `vol` (z, y, x) and `spacing` in mm).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bonescan.core.errors import InputError, UnreadableInputError

PUBLISHED_SHAPES: dict[str, tuple[tuple[int, int, int], tuple[float, float, float]]] = {
    "AM": ((222, 127, 254), (8.0, 2.137, 2.137)),
    "AF": ((348, 137, 299), (4.84, 1.775, 1.775)),
}
"""Name → (slices, rows, columns) and (z, y, x) spacing in mm. Source: ICRP Publication 110, Table 5.1."""


@dataclass(frozen=True, eq=False)
class Phantom:
    """A voxel phantom.

    Attributes:
        ids: (z, y, x) uint8 organ ids, slice 0 at the toes, row 0 at the front, 0 outside the body.
        spacing_mm: (z, y, x).
        names: Organ id → name, empty where the file has no table.
    """

    ids: npt.NDArray[np.uint8]
    spacing_mm: tuple[float, float, float]
    names: dict[int, str]


def read_phantom(
    folder: Path,
    sex: str,
    shapes: dict[str, tuple[tuple[int, int, int], tuple[float, float, float]]] = PUBLISHED_SHAPES,
) -> Phantom:
    """Read a phantom.

    Args:
        folder: Holds `icrp110_AM.npz` or `AM.dat` (male), `icrp110_AF.npz` or `AF.dat` (female); the published form may
            lie in a folder `AM` or `AF` of its own.
        sex: "M" or "F".
        shapes: Shape and spacing of the published form.

    Raises:
        InputError: The folder holds no such phantom.
        UnreadableInputError: The file has another number of voxels or is no such file.
    """
    name = "AM" if sex == "M" else "AF"
    compact = folder / f"icrp110_{name}.npz"
    if compact.is_file():
        return _read_compact(compact)
    for published in (folder / f"{name}.dat", folder / name / f"{name}.dat"):
        if published.is_file():
            return _read_published(published, *shapes[name])
    raise InputError(
        f"{folder} holds neither {compact.name} nor {name}.dat",
        hint="Obtain the phantoms of ICRP Publication 110 from the ICRP, or leave out --phantoms for the built-in body",
    )


def _read_compact(path: Path) -> Phantom:
    try:
        with np.load(path) as data:
            spacing = tuple(float(s) for s in data["spacing"])
            names = dict(zip(data["ids"].tolist(), data["names"].tolist(), strict=True)) if "ids" in data else {}
            return Phantom(np.asarray(data["vol"], np.uint8), (spacing[0], spacing[1], spacing[2]), names)
    except (ValueError, KeyError, OSError) as problem:
        raise UnreadableInputError(
            f"{path.name} is no compact phantom ({problem})", expected="arrays vol (z, y, x) and spacing (mm)"
        ) from problem


def _read_published(path: Path, shape: tuple[int, int, int], spacing_mm: tuple[float, float, float]) -> Phantom:
    try:
        ids = np.array(path.read_text(encoding="ascii").split(), np.int16)
    except ValueError as problem:
        raise UnreadableInputError(f"{path.name} is no list of organ ids", expected="integers") from problem
    if ids.size != np.prod(shape):
        raise UnreadableInputError(
            f"{path.name} has {ids.size} voxels", expected=f"{int(np.prod(shape))} of ICRP Publication 110"
        )
    if ids.min() < 0 or ids.max() > 255:
        raise UnreadableInputError(f"{path.name} has organ ids from {ids.min()} to {ids.max()}", expected="0 to 255")
    table = path.with_name(f"{path.stem}_organs.dat")
    names = _organ_names(table.read_text(encoding="latin-1")) if table.is_file() else {}
    return Phantom(ids.reshape(shape).astype(np.uint8), spacing_mm, names)


def _organ_names(text: str) -> dict[int, str]:
    """Organ id → name from the published table: lines of id, name, tissue number, density."""
    found = {}
    for line in text.splitlines():
        match = re.match(r"\s*(\d+)\s+(\S.*?)\s+(\d+)\s+(\d*\.\d+)\s*$", line)
        if match:
            found[int(match[1])] = match[2]
    return found
