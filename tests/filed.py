"""Hand-made analyses of studies that were read from DICOM, so that results can be filed under them."""

from dataclasses import replace

import numpy as np
import pydicom

from bonescan.core.anatomy import MaskLabel, Region
from bonescan.core.study import Scan
from bonescan.io.dicom_writer import write_nm
from bonescan.io.reader import read_study
from tests.analyses import BENIGN, BLADDER, MET, SPOTS, make_analysis

NORMAL = ((512, 128, 10, BLADDER),)
MANY = tuple(
    (200 + 12 * row, 70 + 9 * column, 3, MET if (row + column) % 3 else BENIGN)
    for row in range(0, 24, 6)
    for column in range(0, 13, 4)
)


def filed(folder, spots=SPOTS, *, change=None, apart=False, regions=False, **options):
    """An analysis as `make_analysis` makes it, of a study written as NM and read back.

    Args:
        folder: Where the scan is written.
        spots: As in `make_analysis`.
        change: Alters each dataset before it is saved.
        apart: One object a view, in place of one of two frames.
        regions: Also a map of skeletal regions.
        **options: Of `make_analysis`.
    """
    analysis = make_analysis(spots, **options)
    source = analysis.source
    views = (*source.views[:-1], _one_count_more(source.views[-1]))
    scans = [replace(source, scan=Scan((view,), "99mTc-MDP", 740.0, "20260102")) for view in views]
    if not apart:
        scans = [replace(source, scan=Scan(views, "99mTc-MDP", 740.0, "20260102"))]
    folder.mkdir(parents=True, exist_ok=True)
    for number, scan in enumerate(scans):
        path = folder / f"scan-{number}.dcm"
        write_nm(scan, path, seed=f"{source.name}-{number}")
        dataset = pydicom.dcmread(path)
        dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = "TEST^PATIENT", "4711", "19500102"
        dataset.AccessionNumber, dataset.ReferringPhysicianName = "A-17", "REFERRER^R"
        if change:
            change(dataset)
        dataset.save_as(path)
    study = read_study(folder)
    document = analysis.model_copy(
        update={"regions": {r.value: r.label for r in Region if r}} if regions else {},
    )
    maps = {view: region_map(mask) for view, mask in analysis.masks.items()} if regions else None
    return document.attach(study, analysis.masks, region_maps=maps)


def _one_count_more(view):
    """The view with one more count in the head: the reader refuses a posterior view that is the anterior mirrored."""
    counts = view.counts.copy()
    counts[view.rows // 10, view.columns // 2] += 1
    return replace(view, counts=counts)


def region_map(mask):
    """Bands from head to foot, each a region, inside of a box."""
    rows, columns = mask.shape
    bands = np.minimum(np.arange(rows) * len(Region) // rows, len(Region) - 1).astype(np.uint8)
    regions = np.zeros(mask.shape, np.uint8)
    regions[:, columns // 4 : -columns // 4] = bands[:, None]
    return np.where(mask == MaskLabel.BLADDER, np.uint8(0), regions)
