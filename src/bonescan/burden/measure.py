"""The burden block of an analysis, from segmented views."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bonescan.burden.bstbi import DEFINITION, K, Sums, index, sums
from bonescan.burden.lesions import Segmented
from bonescan.core.anatomy import MaskLabel
from bonescan.core.findings import Burden
from bonescan.core.study import labelled


def measure(views: Sequence[Segmented], k: float = K) -> Burden:
    """Compute the burden indices of a scan.

    Args:
        views: The views; metastases alone count as lesions, benign uptake is part of the rest.
        k: Scaling factor of the BSTBI.

    Returns:
        Indices of each view and pooled; the lesion area is null where the pixel spacing of a view is unknown.
    """
    by_view = {
        x.view.name.value: sums(
            x.view.counts, labelled(x.labels, MaskLabel.METASTASIS), labelled(x.labels, MaskLabel.BLADDER)
        )
        for x in views
    }
    return Burden(
        bstbi=index(sum(by_view.values(), Sums(0.0, 0.0)), k),
        bstbi_by_view={name: index(total, k) for name, total in by_view.items()},
        k=k,
        definition=DEFINITION.format(k=k),
        lesion_area_mm2=_area_mm2(views),
    )


def _area_mm2(views: Sequence[Segmented]) -> float | None:
    total = 0.0
    for segmented in views:
        if segmented.view.pixel_spacing_mm is None:
            return None
        row_mm, column_mm = segmented.view.pixel_spacing_mm
        total += int(np.count_nonzero(labelled(segmented.labels, MaskLabel.METASTASIS))) * row_mm * column_mm
    return total
