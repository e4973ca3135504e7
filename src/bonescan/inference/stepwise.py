"""The paper's stepwise pipeline: classify windows, segment those that pass the gate, blend, and locate the sites.

Source: paper, Figure 1 and sections "Diagnostic Classification Model" to "Diagnostic Report Generation Model".
"""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import SITES, MaskLabel
from bonescan.core.errors import ModelError
from bonescan.core.study import Labels, Study, View, ViewName
from bonescan.inference import runtime
from bonescan.inference.loading import Loading
from bonescan.inference.preprocess import GRID_COLUMNS, GRID_ROWS, GridView, from_grid, to_grid
from bonescan.inference.regions import labels_from_grid, near_pelvis, read_prior
from bonescan.inference.result import PipelineResult, ViewResult
from bonescan.inference.windows import STARTS, blend, extract

if TYPE_CHECKING:
    from bonescan.models.bundle import Bundle

Floats = npt.NDArray[np.float32]
Gates = npt.NDArray[np.bool_]

NETWORKS = ("classify.onnx", "segment_metastasis.onnx", "segment_bladder.onnx", "locate.onnx")
"""In the order in which they are needed."""
REGION_PRIOR = "region_prior_{view}.png"
"""Optional file of a bundle; see `regions`."""


class Stepwise:
    """A bundle, ready to run; reading its networks begins at the first use and happens side by side.

    Args:
        bundle: A bundle of the "stepwise" pipeline.
        backend: See `runtime.load`.
        threads: See `runtime.load`.
        precision: See `runtime.load`.
        gated: False segments every window, whatever the classifier says (for comparison; the paper gates).

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
        gated: bool = True,
    ) -> None:
        if bundle.manifest.pipeline != "stepwise":
            raise ModelError(f"the bundle's pipeline is {bundle.manifest.pipeline}", expected="stepwise")
        limits = bundle.manifest.thresholds
        if limits.window_metastasis is None or limits.window_bladder is None:
            raise ModelError("the bundle has no thresholds for windows", hint="Export it again")
        self._gates = (limits.window_metastasis, limits.window_bladder)
        self.bundle = bundle
        self.gated = gated
        self._loading = Loading(bundle, NETWORKS, backend=backend, threads=threads, precision=precision)
        self._priors: dict[ViewName, Labels | None] = {}

    def prepare(self) -> None:
        """Begin to load the networks in the background and return at once."""
        self._loading.begin()

    def run(self, study: Study) -> PipelineResult:
        """Analyse a study of one or two views.

        Args:
            study: As read; views of any matrix.

        Returns:
            Probabilities and maps; nothing is decided but the labels.

        Raises:
            ModelError: A network cannot be loaded or run, or returns something other than probabilities.
        """
        self.prepare()
        began = perf_counter()
        gridded = [to_grid(view) for view in study.views]
        prepared = perf_counter()
        windows = np.concatenate([extract(grid.image) for grid in gridded])
        # A whole view is a strip of seven windows, which share their convolutions (`WindowClassifier`).
        strips = np.stack([grid.image for grid in gridded])[:, None]
        classes = self._run("classify.onnx", strips, (len(windows), 2))
        metastasis, bladder = (
            self._segment(f"segment_{name}.onnx", windows, classes[:, i] >= self._gates[i])
            for i, name in enumerate(("metastasis", "bladder"))
        )
        by_view = classes.reshape(len(gridded), len(STARTS), 2)
        sites = self._locate(study.views, gridded, metastasis)
        views = tuple(
            self._view(view, gridded[i], by_view[i], metastasis[i], bladder[i]) for i, view in enumerate(study.views)
        )
        return PipelineResult(
            views=views,
            probability=float(classes[:, 0].max()),
            by_view={view.name: float(by_view[i, :, 0].max()) for i, view in enumerate(study.views)},
            sites=dict(zip(SITES, map(float, sites), strict=True)),
            preprocess_ms=(prepared - began) * 1e3,
            inference_ms=(perf_counter() - prepared) * 1e3,
            # The highest of fourteen windows: the more windows, the higher.
            calibrated=False,
        )

    def _run(self, name: str, values: Floats, shape: tuple[int, ...]) -> Floats:
        """Run a network and check that what comes back is probabilities of the expected shape."""
        out = self._loading.network(name)(values)
        if out.shape != shape:
            raise ModelError(f"{name} returned an array of shape {out.shape}", expected=f"{shape}")
        if not np.isfinite(out).all() or out.min() < -1e-3 or out.max() > 1 + 1e-3:
            raise ModelError(f"{name} returned values outside [0, 1]", expected="probabilities")
        return np.clip(out, 0, 1)

    def _segment(self, name: str, windows: Floats, gates: Gates) -> list[Floats]:
        """Segment the windows that pass, and join those of each view into a (1024, 256) map.

        A window behind a closed gate says 0 with its full weight in the average: the paper takes "the normal
        segmentation map" for it and combines all maps.
        """
        if not self.gated:
            gates = np.ones_like(gates)
        maps = np.zeros_like(windows)
        if gates.any():
            chosen = windows[gates][:, None]
            maps[gates] = self._run(name, chosen, chosen.shape)[:, 0]
        return [blend(maps[first : first + len(STARTS)]) for first in range(0, len(maps), len(STARTS))]

    def _locate(self, views: Sequence[View], gridded: Sequence[GridView], metastasis: Sequence[Floats]) -> Floats:
        """Six site probabilities from image and map, anterior beside posterior; a missing view is zeros."""
        joined = np.zeros((1, 2, GRID_ROWS, 2 * GRID_COLUMNS), np.float32)
        for view, grid, found in zip(views, gridded, metastasis, strict=True):
            first = list(ViewName).index(view.name) * GRID_COLUMNS
            joined[0, 0, :, first : first + GRID_COLUMNS] = grid.image
            joined[0, 1, :, first : first + GRID_COLUMNS] = found
        sites: Floats = self._run("locate.onnx", joined, (1, len(SITES)))[0]
        return sites

    def _view(self, view: View, gridded: GridView, windows: Floats, metastasis: Floats, bladder: Floats) -> ViewResult:
        limits = self.bundle.manifest.thresholds
        prior = self._prior(view.name)
        if prior is not None:
            bladder = np.where(near_pelvis(prior), bladder, np.float32(0))
        lesion_map, bladder_map = from_grid(metastasis, gridded.grid), from_grid(bladder, gridded.grid)
        labels = np.where(lesion_map >= limits.segment_metastasis, MaskLabel.METASTASIS, MaskLabel.BACKGROUND)
        labels = np.where(bladder_map >= limits.segment_bladder, MaskLabel.BLADDER, labels).astype(np.uint8)
        regions = None if prior is None else labels_from_grid(prior, gridded.grid)
        return ViewResult(view, lesion_map, bladder_map, labels, regions=regions, windows=windows)

    def _prior(self, name: ViewName) -> Labels | None:
        if name not in self._priors:
            file = REGION_PRIOR.format(view=name)
            known = file in self.bundle.manifest.files
            self._priors[name] = read_prior(self.bundle.path(file)) if known else None
        return self._priors[name]
