"""What nnU-Net's own predictor takes for the same patients: prints JSON. Needs the extra `nnunet` and a trained run."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median

from benchmarks.machine import CORES


def main(run_dir: Path, studies: list[Path]) -> dict[str, object]:
    """Measure the network alone, as its planner made it, with and without the mirroring that is its default.

    Args:
        run_dir: Run of a recipe with `pipeline = "nnunet"`.
        studies: DICOM files.
    """
    import numpy as np

    import bonescan as bs
    from bonescan.core.errors import UsageError
    from bonescan.inference.preprocess import GRID_COLUMNS, GRID_ROWS, to_grid
    from bonescan.training.baselines.found import site_map
    from bonescan.training.baselines.nnunet import nnunet_method
    from bonescan.training.cache import VIEWS
    from bonescan.training.recipe import NnunetRecipe
    from bonescan.training.run import open_run

    run = open_run(run_dir)
    if not isinstance(run.recipe, NnunetRecipe):
        raise UsageError(f"{run_dir.name} is a run of {run.recipe.pipeline}", expected="one of nnunet")
    images = np.zeros((len(studies), len(VIEWS), GRID_ROWS, GRID_COLUMNS), np.float32)
    for image, study in zip(images, studies, strict=True):
        for view in bs.read(study).views:
            image[VIEWS.index(view.name)] = to_grid(view).image
    found: dict[str, object] = {}
    for name, mirroring in (("mirrored", True), ("plain", False)):
        changed = run.recipe.nnunet.model_copy(update={"mirroring": mirroring})
        recipe = run.recipe.model_copy(update={"nnunet": changed, "threads": CORES})
        # The first one warms up.
        seconds = [one.seconds for one in nnunet_method(run.folder, recipe, site_map(run.folder))(images)][1:]
        found[name] = {"median_s": round(median(seconds), 4), "slowest_s": round(max(seconds), 4)}
    return found


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), [Path(word) for word in sys.argv[2:]])))
