"""A hospital's archive, and an annotator who saves in LabelMe what is true of its patients."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from bonescan.core.anatomy import SITES, MaskLabel
from bonescan.core.study import Labels, ViewName
from bonescan.io.dicom_writer import nm_dataset
from bonescan.io.labelme import write_labelme
from tests.bodies import body, disc, study, view

SIZE = (512, 128)
SPOTS = {"metastasis": MaskLabel.METASTASIS, "benign": MaskLabel.BENIGN}


def write_scan(path: Path, patient_id: str, spot: str = "", seed: int = 0) -> dict[ViewName, Labels]:
    """Write a scan of both views, with a spot in the spine if one is named, and return its labels."""
    rng = np.random.default_rng(seed)
    where = disc(SIZE, 130 + 5 * (seed % 12), 64, 5) if spot else np.zeros(SIZE, bool)
    bladder = disc(SIZE, 240, 64, 7)
    views = [view(rng.poisson(body(SIZE, level=30.0) + 60 * where + 150 * bladder), side) for side in ViewName]
    facts = {"patient_id": patient_id, "seed": path.stem, "age_years": 50 + seed}
    scan = nm_dataset(study(*views, name=path.stem, patient_sex="F"), **facts)
    scan.Manufacturer, scan.ManufacturerModelName = "Hospital's own", "gamma camera"
    path.parent.mkdir(parents=True, exist_ok=True)
    scan.save_as(path, enforce_file_format=True)
    labels = np.zeros(SIZE, np.uint8)
    labels[where] = SPOTS.get(spot, 0)
    labels[bladder] = MaskLabel.BLADDER
    return dict.fromkeys(ViewName, labels)


def annotate(study_folder: Path, labels: dict[ViewName, Labels], ticked: tuple[str, ...] = ()) -> None:
    """Save as LabelMe does, beside the pictures; names are ticked on the first view."""
    for number, (name, mask) in enumerate(labels.items()):
        path = study_folder / "labelme" / f"{name}.json"
        assert path.with_suffix(".png").is_file()
        write_labelme(path, mask, image_path=f"{name}.png")
        document = json.loads(path.read_text())
        document["flags"] = {word: number == 0 and word in ticked for word in (*SITES, "nothing")}
        path.write_text(json.dumps(document))
