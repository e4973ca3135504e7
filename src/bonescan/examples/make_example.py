"""Make the example study anew: `python -m bonescan.examples.make_example`.

The same seed gives the same bytes; a test holds the shipped file to it.
"""

from __future__ import annotations

from pathlib import Path

from bonescan.examples import path
from bonescan.io.dicom_writer import write_nm
from bonescan.simulate.patient import SimulatedStudy, draw_patient, render

SEED = 33
"""A woman with lesions of the spine, pelvis, ribs and scapula, and benign uptake beside them."""


def simulate_example() -> SimulatedStudy:
    """Simulate the patient of the example study."""
    parameters = draw_patient(SEED, "example", metastatic=True, benign=False, sex="F", counts=(1.5e6, 1.6e6))
    return render(parameters)


def make_example(target: Path | None = None) -> Path:
    """Write the example study, by default where it ships, and return its path."""
    target = target or path()
    simulated = simulate_example()
    write_nm(simulated.study, target, rle=True, age_years=simulated.parameters.age_years)
    return target


if __name__ == "__main__":
    make_example()
