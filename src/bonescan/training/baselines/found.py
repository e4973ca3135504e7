"""What a method found in a study, and what that says of the patient and the six sites.

A network that only segments says nothing of the patient. Its patient score is the maximum of its probability of
metastasis, smoothed so that a lone pixel does not decide; the score of a site is the same maximum over the pixels that
lie nearest to a bone of that site, by the map of where bones usually lie.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import SITES, Region, Site
from bonescan.core.study import Labels
from bonescan.inference.preprocess import GRID_COLUMNS, GRID_ROWS
from bonescan.inference.regions import read_prior
from bonescan.models.registry import SHIPPED
from bonescan.training.cache import VIEWS
from bonescan.training.region_prior import FILE

Floats = npt.NDArray[np.float32]
SiteMap = npt.NDArray[np.uint8]
"""(2, 1024, 256) index into `SITES` of the nearest bone."""

SMOOTHING_PX = 2.0
"""Standard deviation on the grid, about 4 mm: half of what the camera resolves."""


@dataclass(frozen=True, eq=False)
class Found:
    """What a method says of one study, before any threshold.

    Attributes:
        metastasis: (2, 1024, 256) probability on the grid, or None of a method that outlines nothing.
        bladder: The same of the bladder.
        patient: Probability of metastasis, 0 to 1.
        sites: (6,) probability of each site, in the order of `SITES`.
        seconds: Wall-clock time of the networks.
    """

    metastasis: Floats | None
    bladder: Floats | None
    patient: float
    sites: Floats
    seconds: float


Method = Callable[[Floats], list[Found]]
"""(N, 2, 1024, 256) grid images, zeros where a view is missing → what was found in each."""


def of_maps(metastasis: Floats, bladder: Floats, where: SiteMap, seconds: float) -> Found:
    """What two probability maps say.

    Args:
        metastasis: (2, 1024, 256).
        bladder: (2, 1024, 256).
        where: See `site_map`.
        seconds: Spent on the maps.
    """
    from scipy import ndimage

    smooth = ndimage.gaussian_filter(metastasis, (0, SMOOTHING_PX, SMOOTHING_PX))
    sites = [smooth[where == index].max(initial=0.0) for index in range(len(SITES))]
    return Found(metastasis, bladder, float(smooth.max()), np.array(sites, np.float32), seconds)


def of_sites(sites: Floats, seconds: float) -> Found:
    """What six site probabilities say: the patient has metastases as probably as the most probable site.

    Args:
        sites: (6,).
        seconds: Spent on them.
    """
    return Found(None, None, float(sites.max()), sites, seconds)


def site_map(run: Path) -> SiteMap:
    """The site of every pixel: that of the nearest bone where bones usually lie.

    Args:
        run: Folder with the region prior of the training cohort. Where a cohort has no region maps there is none, and
            that of the shipped stepwise model serves.
    """
    return np.stack([_nearest(read_prior(_prior(run, view))) for view in VIEWS])


def _prior(run: Path, view: str) -> Path:
    name = FILE.format(view=view)
    return run / name if (run / name).is_file() else SHIPPED / "stepwise" / name


def _nearest(prior: Labels) -> SiteMap:
    from scipy import ndimage

    sites: Mapping[Region, Site | None] = {region: region.site for region in Region}
    table = np.array([SITES.index(site) if (site := sites[region]) else 0 for region in Region], np.uint8)
    if not prior.any():
        return np.full((GRID_ROWS, GRID_COLUMNS), SITES.index(Site.OTHER), np.uint8)
    indices = ndimage.distance_transform_edt(prior == 0, return_distances=False, return_indices=True)
    nearest: SiteMap = table[prior[tuple(indices)]]
    return nearest
