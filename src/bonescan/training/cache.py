"""Cohorts as arrays on the network's grid, made once a run, so that loading a sample costs nothing.

::

    <run>/cache/<split>/images.npy        (cases, 2, 1024, 256) float16, as `to_grid` gives
    <run>/cache/<split>/labels.npy        (cases, 2, 1024, 256) uint8, `MaskLabel`
    <run>/cache/<split>/regions.npy       (cases, 2, 512, 128) uint8, `Region`; `UNKNOWN` where the cohort does not say
    <run>/cache/<split>/references.npy    (cases, 2) float32, counts of the body's reference; 0 where a view is missing
    <run>/cache/<split>/sites.npy         (cases, 6) bool, in the order of `SITES`
    <run>/cache/<split>/metastasis.npy    (cases,) bool
    <run>/cache/<split>/patients.npy      (cases,) int64, number of the case's patient, who may have several
    <run>/cache/<split>/done.npy          (cases,) bool; what a killed run has finished is not done again
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import SITES
from bonescan.core.errors import CohortError, ModelError
from bonescan.core.study import Labels, View, ViewName
from bonescan.inference.preprocess import GRID_COLUMNS, GRID_ROWS, Grid, labels_to_grid, to_grid
from bonescan.io.cohort import CohortCase, Split, read_cohort, split_patients

VIEWS: tuple[ViewName, ...] = tuple(ViewName)
Gridded = tuple[npt.NDArray[np.float16], npt.NDArray[np.uint8], npt.NDArray[np.uint8], npt.NDArray[np.float32]]
"""Image, labels, regions and references of one case."""
UNKNOWN = 255
"""Region of pixels of which the cohort does not say it."""
_SHAPE = (len(VIEWS), GRID_ROWS, GRID_COLUMNS)
_REGION_STEP = 2
_REGION_SHAPE = (len(VIEWS), GRID_ROWS // _REGION_STEP, GRID_COLUMNS // _REGION_STEP)


@dataclass(frozen=True, eq=False)
class GridCases:
    """All cases of one split, memory-mapped; see the module's table for shapes."""

    images: npt.NDArray[np.float16]
    labels: npt.NDArray[np.uint8]
    regions: npt.NDArray[np.uint8]
    references: npt.NDArray[np.float32]
    sites: npt.NDArray[np.bool_]
    metastasis: npt.NDArray[np.bool_]
    patients: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.images.shape[0])

    def image(self, case: int) -> npt.NDArray[np.float32]:
        """(2, 1024, 256) float32 image of one case."""
        return np.asarray(self.images[case], dtype=np.float32)


@dataclass(frozen=True)
class Cohorts:
    """The cases of all cohorts, and what identifies them.

    Attributes:
        cases: Each with its split.
        fingerprint: Of all cohorts together; of a lone one its own.
        fingerprints: Folder → fingerprint of each cohort.
    """

    cases: tuple[CohortCase, ...]
    fingerprint: str
    fingerprints: Mapping[Path, str]

    @property
    def regions(self) -> bool:
        """Whether a training case has a region map."""
        folders = (case.folder / case.study_id / "masks" for case in self.cases if case.split == "train")
        return any(any(folder.glob("regions_*.png")) for folder in folders)

    @property
    def simulated(self) -> bool:
        """Whether all are simulated; those of the test side, of whom a bundle says nothing, left out."""
        return all(case.is_simulated for case in self.cases if case.split != "test")

    @property
    def simulated_train(self) -> int:
        """How many training cases are simulated."""
        return sum(case.is_simulated for case in self.cases if case.split == "train")

    def split(self, name: Split) -> tuple[CohortCase, ...]:
        """The cases of a split.

        Raises:
            CohortError: There is none.
        """
        chosen = tuple(case for case in self.cases if case.split == name)
        if not chosen:
            raise CohortError(f"the cohort has no case in split {name!r}", hint="Add cases or change the column split")
        return chosen


def read_cohorts(folders: Sequence[Path], *, seed: int, seeds: Mapping[str, int] | None = None) -> Cohorts:
    """Read the cohorts; cases without a split get one, stratified by class and lesion size.

    Args:
        folders: Of the cohorts.
        seed: Of the splits that are drawn.
        seeds: Fingerprint, of one cohort or of all together → seed of the splits that were drawn for it before.

    Raises:
        CohortError: A cohort cannot be read.
    """
    cohorts = [read_cohort(folder) for folder in folders]
    own = [cohort.fingerprint for cohort in cohorts]
    together = own[0] if len(own) == 1 else hashlib.sha256("".join(own).encode()).hexdigest()
    known = seeds or {}
    cases: list[CohortCase] = []
    for cohort, fingerprint in zip(cohorts, own, strict=True):
        if any(case.split is None for case in cohort):
            pixels = {case.study_id: _lesion_pixels(case) for case in cohort}
            drawn = known.get(together, known.get(fingerprint, seed))
            cohort = cohort.with_splits(split_patients(cohort.cases, pixels, seed=drawn))
        cases += cohort.cases
    fingerprints = {cohort.folder: fingerprint for cohort, fingerprint in zip(cohorts, own, strict=True)}
    return Cohorts(tuple(cases), together, fingerprints)


def open_cache(
    folder: Path, cases: Sequence[CohortCase], *, workers: int = 2, progress: Callable[[str], None] | None = None
) -> GridCases:
    """Open the arrays of a split, making what is not there yet.

    Args:
        folder: Where they lie.
        cases: The cases, always in the same order.
        workers: Processes that read and resample; 0 does it in this one.
        progress: Called with a line now and then.

    Raises:
        CohortError: A case cannot be read; the message names the study.
    """
    folder.mkdir(parents=True, exist_ok=True)
    count = len(cases)
    images = _open(folder / "images.npy", (count, *_SHAPE), np.float16)
    labels = _open(folder / "labels.npy", (count, *_SHAPE), np.uint8)
    regions = _open(folder / "regions.npy", (count, *_REGION_SHAPE), np.uint8)
    references = _open(folder / "references.npy", (count, len(VIEWS)), np.float32)
    done = _open(folder / "done.npy", (count,), np.bool_)
    todo = [i for i in range(count) if not done[i]]
    for n, (i, result) in enumerate(zip(todo, _grids([cases[i] for i in todo], workers), strict=True), start=1):
        images[i], labels[i], regions[i], references[i] = result
        if n % 50 == 0 or n == len(todo):
            for array in (images, labels, regions, references):
                array.flush()
            done[todo[:n]] = True
            done.flush()
            if progress:
                progress(f"cache {folder.name}: {n} of {len(todo)} cases")
    np.save(folder / "sites.npy", np.array([[site in case.sites for site in SITES] for case in cases], dtype=np.bool_))
    np.save(folder / "metastasis.npy", np.array([case.metastasis for case in cases], dtype=np.bool_))
    np.save(folder / "patients.npy", patient_numbers(cases))
    return load_cache(folder)


def load_cache(folder: Path) -> GridCases:
    """Open the arrays of a split that `open_cache` has made.

    Raises:
        ModelError: They are not there, or not complete.
    """
    names = ("images", "labels", "regions", "references", "sites", "metastasis")
    patients = folder / "patients.npy"
    try:
        done = np.load(folder / "done.npy")
        arrays = [np.load(folder / f"{name}.npy", mmap_mode="r") for name in names]
        # Runs of earlier versions do not say who had several studies.
        arrays.append(np.load(patients) if patients.is_file() else np.arange(len(done)))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"the run's cache {folder.name} cannot be read: {error}", hint="Train with --resume"
        ) from error
    if not done.all():
        raise ModelError(f"the run's cache {folder.name} is not complete", hint="Train with --resume")
    return GridCases(*arrays)


def patient_numbers(cases: Sequence[CohortCase]) -> npt.NDArray[np.int64]:
    """(cases,) int64, the same number for all studies of a patient, counted up in the order of appearance."""
    numbers: dict[tuple[Path, str], int] = {}
    return np.array([numbers.setdefault((case.folder, case.patient_id), len(numbers)) for case in cases], np.int64)


def grid_of(case: CohortCase) -> Gridded:
    """Read one case onto the grid: image, labels, regions and references as in the cache.

    Raises:
        CohortError: The case cannot be read, or a mask does not have the shape of its view.
    """
    image = np.zeros(_SHAPE, np.float16)
    labels = np.zeros(_SHAPE, np.uint8)
    regions = np.full(_REGION_SHAPE, UNKNOWN, np.uint8)
    references = np.zeros(len(VIEWS), np.float32)
    study, masks, known = case.read_study(), case.read_labels(), case.read_regions() or {}
    for view in study.views:
        index = VIEWS.index(view.name)
        gridded = to_grid(view)
        image[index], references[index] = gridded.image, gridded.grid.reference
        if view.name in masks:
            labels[index] = _on_grid(case, "mask", view, masks[view.name], gridded.grid)
        if view.name in known:
            whole = _on_grid(case, "region map", view, known[view.name], gridded.grid)
            regions[index] = whole[_REGION_STEP // 2 :: _REGION_STEP, _REGION_STEP // 2 :: _REGION_STEP]
    return image, labels, regions, references


def _on_grid(case: CohortCase, what: str, view: View, values: Labels, grid: Grid) -> Labels:
    if values.shape != view.counts.shape:
        raise CohortError(
            f"{case.study_id}: the {view.name} {what} has shape {values.shape}", expected=f"{view.counts.shape}"
        )
    return labels_to_grid(values, grid)


def _grids(cases: Sequence[CohortCase], workers: int) -> Iterator[Gridded]:
    if workers == 0 or len(cases) < 8:
        yield from map(grid_of, cases)
        return
    # Spawned, not forked: a fork would copy torch's threads in an undefined state.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(grid_of, cases, chunksize=4)


_Scalar = TypeVar("_Scalar", bound=np.generic)


def _open(path: Path, shape: tuple[int, ...], dtype: type[_Scalar]) -> np.memmap[tuple[int, ...], np.dtype[_Scalar]]:
    if path.exists():
        array = np.lib.format.open_memmap(path, mode="r+")
        if array.shape == shape and array.dtype == dtype:
            return array
        raise CohortError(
            f"{path.name} of the run's cache has shape {array.shape}",
            expected=f"{shape}",
            hint="The cohort has changed since the run began: start a new run",
        )
    return np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)


def _lesion_pixels(case: CohortCase) -> int:
    return int(sum((mask == 1).sum() for mask in case.read_labels().values()))
