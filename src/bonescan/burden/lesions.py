"""From label maps to the list of lesions: size, place, side, uptake against the other side, pairs across the views."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from bonescan.burden.components import Component, components, minimum_area_px
from bonescan.burden.pairing import Placed, pair
from bonescan.burden.symmetry import BodyFrame
from bonescan.core.anatomy import MaskLabel, Region, Site
from bonescan.core.findings import Lesion
from bonescan.core.study import Labels, View, ViewName, labelled

LesionClass = Literal["metastasis", "benign"]
_CLASSES: dict[MaskLabel, LesionClass] = {MaskLabel.METASTASIS: "metastasis", MaskLabel.BENIGN: "benign"}

_REGIONS_OF = {site: [region for region in Region if region.site is site] for site in Site}
_REACH = 0.005
"""How far around a lesion the bone that names it is looked for, in heights of the view: some 1 cm."""


@dataclass(frozen=True, eq=False)
class Segmented:
    """One view with what was segmented in it.

    Attributes:
        view: The view.
        labels: (row, column) uint8 `MaskLabel`.
        probability: (row, column) float32, of metastasis.
        regions: (row, column) uint8 `Region`, or None where the model knows no regions.
        benign: (row, column) float32, probability of benign uptake, or None where `probability` speaks for both.
    """

    view: View
    labels: Labels
    probability: npt.NDArray[np.float32]
    regions: Labels | None = None
    benign: npt.NDArray[np.float32] | None = None

    def behind(self, label: MaskLabel) -> npt.NDArray[np.float32]:
        """The probability by which pixels got a label."""
        return self.benign if label == MaskLabel.BENIGN and self.benign is not None else self.probability


@dataclass(frozen=True, eq=False)
class _Found:
    segmented: Segmented
    frame: BodyFrame
    label: MaskLabel
    component: Component


def find_lesions(views: Iterable[Segmented]) -> tuple[Lesion, ...]:
    """List the lesions of a scan, the anterior view first and each view from the head down.

    Small components are not dropped here; see `components.remove_small`.

    Args:
        views: The views of one scan, each at most once.

    Returns:
        Lesions numbered from 1, metastases and benign uptake, each with the number of its pair in the other view. The
        two of a pair have the same site and region.
    """
    ordered = sorted(views, key=lambda segmented: list(ViewName).index(segmented.view.name))
    found = [lesion for segmented in ordered for lesion in _in_view(segmented)]
    pairs = _pairs(found)
    bones = [_bones(item.component, item.segmented.regions) for item in found]
    lesions = []
    for number, item in enumerate(found, start=1):
        other = pairs.get(number)
        # What is seen from both sides is one focus and sits in one bone: both views have a say in which.
        seen = bones[number - 1] + bones[other - 1] if other else bones[number - 1]
        lesions.append(_lesion(item, number, other, Region(int(seen.argmax())) if seen.any() else None))
    return tuple(lesions)


def count(lesions: Sequence[Lesion], lesion_class: LesionClass = "metastasis") -> int:
    """Count lesions so that one seen in both views counts once."""
    return len(foci(lesions, lesion_class))


def foci(lesions: Sequence[Lesion], lesion_class: LesionClass = "metastasis") -> list[Lesion]:
    """Outlines of a class, of a lesion seen in both views the first, which stands for both."""
    return [x for x in lesions if x.class_ == lesion_class and (x.pair is None or x.id < x.pair)]


def covered_sites(views: Iterable[Segmented]) -> frozenset[Site]:
    """Sites at which metastases cover bone, whatever bone names them: a confluent one has one name and many sites.

    Returns:
        Sites of which a view shows at least the smallest area of a lesion under metastases.
    """
    covered = set()
    for segmented in views:
        if segmented.regions is None:
            continue
        under = segmented.regions[labelled(segmented.labels, MaskLabel.METASTASIS)]
        pixels = np.bincount(under, minlength=len(Region))
        smallest = minimum_area_px(segmented.labels.shape, segmented.view.pixel_spacing_mm)
        covered |= {site for site, regions in _REGIONS_OF.items() if pixels[regions].sum() >= smallest}
    return frozenset(covered)


def _in_view(segmented: Segmented) -> list[_Found]:
    present = [(label, component) for label in _CLASSES for component in components(labelled(segmented.labels, label))]
    if not present:
        return []
    frame = BodyFrame.measure(segmented.view.name, segmented.view.counts)
    found = [_Found(segmented, frame, label, component) for label, component in present]
    return sorted(found, key=lambda item: item.component.centroid)


def _pairs(found: Sequence[_Found]) -> dict[int, int]:
    """Number of a lesion → number of its pair, both ways; numbers are positions from 1."""
    pairs: dict[int, int] = {}
    for label in _CLASSES:
        sides = [
            [(n, x) for n, x in enumerate(found, start=1) if x.label == label and x.segmented.view.name == name]
            for name in ViewName
        ]
        placed = [[Placed.of(x.component, x.frame) for _, x in side] for side in sides]
        for i, j in pair(placed[0], placed[1]):
            a, p = sides[0][i][0], sides[1][j][0]
            pairs[a], pairs[p] = p, a
    return pairs


def _lesion(item: _Found, number: int, other: int | None, region: Region | None) -> Lesion:
    component, segmented = item.component, item.segmented
    spacing = segmented.view.pixel_spacing_mm
    probability = segmented.behind(item.label)[component.rows, component.columns]
    return Lesion(
        id=number,
        view=segmented.view.name.value,
        class_=_CLASSES[item.label],
        probability=float(probability.mean(dtype=np.float64).clip(0, 1)),
        site=region.site.value if region and region.site else None,
        region=region.label if region else None,
        laterality=item.frame.laterality(*component.centroid).value,
        area_px=component.area_px,
        area_mm2=component.area_px * spacing[0] * spacing[1] if spacing else None,
        bbox=component.bbox,
        centroid=component.centroid,
        uptake_ratio=uptake_ratio(component, segmented, item.frame),
        pair=other,
    )


def uptake_ratio(component: Component, segmented: Segmented, frame: BodyFrame) -> float | None:
    """Return mean counts in a lesion over the mean at the mirrored pixels on the other side of the body.

    Mirrored pixels that fall outside the body or onto a lesion or the bladder are left out: the empty air beside the
    body would give any ratio. None where fewer than half remain (a lesion on the midline mirrors onto itself) or where
    they hold no counts.
    """
    counts, labels = segmented.view.counts, segmented.labels
    columns = np.rint(frame.mirror(component.rows, component.columns)).astype(np.intp)
    inside = (columns >= 0) & (columns < counts.shape[1])
    rows, columns = component.rows[inside], columns[inside]
    free = (labels[rows, columns] == MaskLabel.BACKGROUND) & frame.in_body(rows, columns)
    if 2 * int(free.sum()) < component.area_px:
        return None
    opposite = float(counts[rows[free], columns[free]].mean(dtype=np.float64))
    here = float(counts[component.rows, component.columns].mean(dtype=np.float64))
    return here / opposite if opposite > 0 else None


def _bones(component: Component, regions: Labels | None) -> npt.NDArray[np.float64]:
    """(regions,) share of each bone among the bones under a lesion and a little around it; 0 where none is.

    Around it too, because a region map errs under hot spots: there it has islands of bones that are elsewhere. Not in
    all of its box, where that of a long or curved lesion holds more of the bones beside it than of its own.
    """
    from scipy import ndimage

    if regions is None:
        return np.zeros(len(Region))
    top, left, bottom, right = component.bbox
    reach = round(_REACH * regions.shape[0])
    rows, columns = slice(max(top - reach, 0), bottom + reach), slice(max(left - reach, 0), right + reach)
    near = np.zeros(regions[rows, columns].shape, np.bool_)
    near[component.rows - rows.start, component.columns - columns.start] = True
    near = ndimage.maximum_filter(near, 2 * reach + 1, mode="constant")
    votes = np.bincount(regions[rows, columns][near], minlength=len(Region)).astype(np.float64)
    votes[Region.BACKGROUND] = 0
    shares: npt.NDArray[np.float64] = votes / max(votes.sum(), 1)
    return shares
