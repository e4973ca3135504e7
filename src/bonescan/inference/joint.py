"""The joint pipeline: one network, both views, one pass, and a second one where the first leaves it in doubt.

``joint.onnx`` takes (N, 2, 1024, 256), the anterior view and the posterior one mirrored, each as `to_grid` gives it; a
missing view is zeros. It returns

- ``findings`` (N, 2, 3, 1024, 256), probability of metastasis, bladder and benign uptake at each pixel of each view;
- ``regions`` (N, 2, 512, 128), `Region` values;
- ``study`` (N, 3, 7), logits of metastasis, and of each of the six sites if there is any: from both views, the
  anterior and the posterior.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from bonescan.core.anatomy import SITES, MaskLabel
from bonescan.core.errors import BundleCorruptError, ModelError
from bonescan.core.study import Labels, Study, View, ViewName
from bonescan.inference import runtime
from bonescan.inference.loading import Loading
from bonescan.inference.preprocess import GRID_COLUMNS, GRID_ROWS, GridView, from_grid, to_grid
from bonescan.inference.regions import labels_from_grid
from bonescan.inference.result import Floats, PipelineResult, ViewResult

if TYPE_CHECKING:
    from bonescan.models.bundle import Bundle

NETWORK = "joint.onnx"
VIEWS = tuple(ViewName)
FINDINGS = (MaskLabel.METASTASIS, MaskLabel.BLADDER, MaskLabel.BENIGN)
"""In the order of the network's output."""
REGION_STEP = 2
"""Grid pixels a pixel of the region map, in both directions."""
SURE = 2.0
"""Logit of metastasis, either way, from which the network is not asked a second time: probabilities of 12 and 88 %."""
BOTH = 0
"""Of the three answers for the study, that for both views together; those of each view follow."""

_NOTHING = 0.01
"""Probabilities below, which no threshold asks for, need not be exact."""
_SHAPES = {
    "findings": (1, len(VIEWS), len(FINDINGS), GRID_ROWS, GRID_COLUMNS),
    "regions": (1, len(VIEWS), GRID_ROWS // REGION_STEP, GRID_COLUMNS // REGION_STEP),
    "study": (1, 1 + len(VIEWS), 1 + len(SITES)),
}


@dataclass(frozen=True)
class Calibration:
    """From logits to probabilities that mean what they say: sigmoid(slope * logit + offset), fitted on validation data.

    Attributes:
        patient: Slope and offset of metastasis.
        sites_if_metastasis: The same, of all sites alike, where there is metastasis.
        review: Calibrated probabilities of metastasis between which a physician should look twice.
    """

    patient: tuple[float, float] = (1.0, 0.0)
    sites_if_metastasis: tuple[float, float] = (1.0, 0.0)
    review: tuple[float, float] = (0.5, 0.5)

    @staticmethod
    def of(values: dict[str, Any] | None) -> Calibration:
        """Read the bundle's calibration.

        Raises:
            BundleCorruptError: It is none of the joint pipeline's.
        """
        if values is None:
            return Calibration()
        names = [field.name for field in fields(Calibration)]
        try:
            pairs = {name: (float(values[name][0]), float(values[name][1])) for name in names}
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise BundleCorruptError(
                f"the bundle's calibration cannot be understood: it holds {', '.join(values) or 'nothing'}",
                expected=f"two numbers for each of {', '.join(names)}",
                hint="Export its run again with this version",
            ) from error
        return Calibration(**pairs)

    def probabilities(self, logits: Floats) -> Floats:
        """(…, 7) logits of metastasis, and of each site if there is any → probabilities of both."""
        slope, offset = np.array([self.patient, *[self.sites_if_metastasis] * len(SITES)], np.float32).T
        result: Floats = 1 / (1 + np.exp(-np.clip(slope * logits + offset, -60, 60)))
        result[..., 1:] *= result[..., :1]
        return result


def look(
    run: Callable[[Floats], dict[str, Floats]], images: Floats, asked: int = BOTH, sure: float = SURE
) -> dict[str, Floats]:
    """What the network says of a study; where it is in doubt, the mean of that and of what it says of the mirror image.

    A body and its mirror image hold the same disease: where the answers differ, that is chance, and half of it goes.

    Args:
        run: From images to outputs as in the module's table, which need not outlive the next call.
        images: (1, 2, 1024, 256).
        asked: Which of the three answers for the study is asked for.
        sure: See `SURE`.
    """
    first = run(images)
    if abs(float(first["study"][0, asked, 0])) >= sure:
        return first
    first = {name: np.array(values) for name, values in first.items()}
    second = run(np.ascontiguousarray(images[..., ::-1]))
    return {
        "findings": _mean(first["findings"], second["findings"][..., ::-1]),
        "regions": first["regions"],
        "study": _mean(first["study"], second["study"]),
    }


def _mean(one: Floats, other: Floats) -> Floats:
    one += other
    one *= np.float32(0.5)
    return one


class Joint:
    """A bundle of the joint pipeline, ready to run; reading its network begins at the first use.

    Args:
        bundle: A bundle of the "joint" pipeline.
        backend: See `runtime.load`.
        threads: See `runtime.load`.
        precision: See `runtime.load`.
        sure: Logit of metastasis, either way, from which one look is enough; 0 never looks twice, infinity always.

    Raises:
        ModelError: The bundle is of another pipeline.
    """

    def __init__(
        self,
        bundle: Bundle,
        *,
        backend: runtime.Backend = "auto",
        threads: int | None = None,
        precision: runtime.Precision | None = None,
        sure: float = SURE,
    ) -> None:
        if bundle.manifest.pipeline != "joint":
            raise ModelError(f"the bundle's pipeline is {bundle.manifest.pipeline}", expected="joint")
        self.bundle = bundle
        self.calibration = Calibration.of(bundle.manifest.calibration)
        self._sure = sure
        self._loading = Loading(bundle, (NETWORK,), backend=backend, threads=threads, precision=precision)

    def prepare(self) -> None:
        """Begin to load the network in the background and return at once."""
        self._loading.begin()

    def run(self, study: Study) -> PipelineResult:
        """Analyse a study of one or two views.

        Args:
            study: As read; views of any matrix.

        Returns:
            Probabilities and maps; nothing is decided but the labels.

        Raises:
            ModelError: The network cannot be loaded or run, or returns what it should not.
        """
        self.prepare()
        with ThreadPoolExecutor(len(VIEWS)) as pool:
            return self._run(study, pool)

    def _run(self, study: Study, pool: ThreadPoolExecutor) -> PipelineResult:
        """As `run`, both views side by side in the threads of a pool."""
        began = perf_counter()
        names = [view.name for view in study.views]
        gridded = dict(zip(names, pool.map(to_grid, study.views), strict=True))
        prepared = perf_counter()
        places = {name: VIEWS.index(name) for name in gridded}
        # Of one view alone, the study is that view.
        asked = BOTH if len(gridded) > 1 else 1 + next(iter(places.values()))
        out = look(self._infer, joined(gridded), asked, self._sure)
        probabilities = self.calibration.probabilities(out["study"][0])
        overall = probabilities[asked]

        def back(view: View) -> ViewResult:
            place = places[view.name]
            return self._view(view, gridded[view.name], out["findings"][0, place], out["regions"][0, place])

        views = tuple(pool.map(back, study.views))
        low, high = self.calibration.review
        doubtful = low <= overall[0] < high
        return PipelineResult(
            views=views,
            probability=float(overall[0]),
            by_view={name: float(probabilities[1 + place, 0]) for name, place in places.items()},
            sites=dict(zip(SITES, map(float, overall[1:]), strict=True)),
            preprocess_ms=(prepared - began) * 1e3,
            inference_ms=(perf_counter() - prepared) * 1e3,
            calibrated=self.bundle.manifest.calibration is not None,
            review=("the probability is neither low nor high",) if doubtful else (),
        )

    def _infer(self, images: Floats) -> dict[str, Floats]:
        """Run the network and check that what comes back has the expected shapes and ranges."""
        out = self._loading.network(NETWORK).passing(images)
        for name, shape in _SHAPES.items():
            if name not in out or out[name].shape != shape:
                what = f"an array of shape {out[name].shape}" if name in out else "nothing"
                raise ModelError(f"{NETWORK} returned {what} as {name}", expected=f"{shape}")
        low, high = float(out["findings"].min()), float(out["findings"].max())
        if not (np.isfinite(out["study"]).all() and low >= -1e-3 and high <= 1 + 1e-3):
            raise ModelError(f"{NETWORK} returned values outside [0, 1]", expected="probabilities")
        return out

    def _view(self, view: View, gridded: GridView, findings: Floats, regions: Floats) -> ViewResult:
        mirrored = view.name is ViewName.POSTERIOR
        limits = self.bundle.manifest.thresholds
        maps = {
            label: from_grid(values, gridded.grid, mirrored=mirrored, least=_NOTHING)
            for label, values in zip(FINDINGS, findings, strict=True)
        }
        labels = np.zeros(view.counts.shape, np.uint8)
        # Later ones win: bladder over metastasis over benign uptake.
        for label, limit in (
            (MaskLabel.BENIGN, limits.segment_benign),
            (MaskLabel.METASTASIS, limits.segment_metastasis),
            (MaskLabel.BLADDER, limits.segment_bladder),
        ):
            if limit is not None:
                labels[maps[label] >= limit] = label
        taught = self.bundle.manifest.regions
        values = regions[:, ::-1] if mirrored else regions
        bones: Labels | None = labels_from_grid(values.astype(np.uint8), gridded.grid) if taught else None
        return ViewResult(
            view=view,
            metastasis=maps[MaskLabel.METASTASIS],
            bladder=maps[MaskLabel.BLADDER],
            labels=labels,
            benign=maps[MaskLabel.BENIGN],
            regions=bones,
            regions_measured=taught,
        )


def joined(gridded: dict[ViewName, GridView]) -> Floats:
    """(1, 2, 1024, 256): anterior, and posterior mirrored; a missing view is zeros."""
    images = np.zeros((1, len(VIEWS), GRID_ROWS, GRID_COLUMNS), np.float32)
    for name, grid in gridded.items():
        images[0, VIEWS.index(name)] = grid.image[:, ::-1] if name is ViewName.POSTERIOR else grid.image
    return images
