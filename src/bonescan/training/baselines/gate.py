"""The gated setting: the stepwise classifier of a bundle decides first, as it does for our own segmentation networks.

The paper compares its gated network with baselines that see everything, and credits the network for what the gate does.
With the gate before the baseline too, what is left is the difference of the networks.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bonescan.core.errors import ModelError
from bonescan.inference import runtime
from bonescan.inference.windows import blend, extract
from bonescan.training.baselines.found import Floats, Found, SiteMap, of_maps

if TYPE_CHECKING:
    from bonescan.models.bundle import Bundle


class Gate:
    """The window classifier of a stepwise bundle.

    Args:
        bundle: With the classifier and its thresholds.
        where: See `found.site_map`.
        threads: See `runtime.load`.

    Raises:
        ModelError: The bundle has no window classifier.
    """

    def __init__(self, bundle: Bundle, where: SiteMap, *, threads: int | None = None) -> None:
        limits = bundle.manifest.thresholds
        if bundle.manifest.pipeline != "stepwise" or limits.window_metastasis is None or limits.window_bladder is None:
            raise ModelError(
                f"the model {bundle.manifest.name} has no window classifier to gate with", expected="a stepwise model"
            )
        self.bundle = bundle
        self._where = where
        self._limits = np.array([limits.window_metastasis, limits.window_bladder], np.float32)
        self._classify: Callable[[Floats], Floats] = runtime.load(bundle.path("classify.onnx"), threads=threads)

    @property
    def threshold(self) -> float:
        """Window probability at and above which a patient is called metastatic."""
        return self.bundle.manifest.thresholds.patient

    def apply(self, found: Found, image: Floats, present: npt.NDArray[np.bool_]) -> Found:
        """Close the windows in which the classifier sees nothing, and let it decide about the patient.

        Args:
            found: By a method that saw everything.
            image: (2, 1024, 256) on the grid.
            present: (2,) which views there are.

        Returns:
            The maps with 0 where no window is open; site scores from them, or as they were where there are no maps.
        """
        began = time.perf_counter()
        windows = self._classify(image[present][:, None]).reshape(int(present.sum()), -1, 2)
        patient = float(windows[..., 0].max())
        if found.metastasis is not None and found.bladder is not None:
            closed = windows < self._limits
            metastasis = _closed(found.metastasis, closed[..., 0], present)
            bladder = _closed(found.bladder, closed[..., 1], present)
            found = of_maps(metastasis, bladder, self._where, found.seconds)
        return replace(found, patient=patient, seconds=found.seconds + time.perf_counter() - began)


def _closed(values: Floats, closed: npt.NDArray[np.bool_], present: npt.NDArray[np.bool_]) -> Floats:
    """Blend the windows of each view with those closed as zeros, as the stepwise pipeline does."""
    result = np.zeros_like(values)
    for view, shut in zip(np.flatnonzero(present), closed, strict=True):
        result[view] = blend(np.where(shut[:, None, None], np.float32(0), extract(values[view])))
    return result
