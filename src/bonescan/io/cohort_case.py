"""One study of a cohort: what its row says, and how to get at its scan and labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bonescan.core.anatomy import Site
from bonescan.core.errors import CohortError, InputError
from bonescan.core.study import Labels, ViewName
from bonescan.io import label_masks

if TYPE_CHECKING:
    from bonescan.core.study import Study

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")
SIMULATION, TRUTH = "simulation.json", "truth.json"
"""What the simulator leaves in the folder of a cohort, and in that of each study."""


@dataclass(frozen=True)
class CohortCase:
    """One study of a cohort.

    Attributes:
        study_id: Unique in the cohort; letters, digits, ``.``, ``_`` and ``-``.
        patient_id: The cohort's pseudonym of the patient, never a real identifier.
        files: What to read, relative to the folder of the cohort, in POSIX form.
        split: Side of the split, or None where not assigned.
        metastasis: Whether the patient has bone metastases.
        sites: Sites with metastases, in the order of `Site`.
        benign: Whether there is benign uptake.
        primary: Primary tumour, in words; may be empty.
        sex: "M", "F", "O" or None.
        age_years: Age, or None.
        alp_u_l: Alkaline phosphatase in U/L, or None.
        treatment_start_days: Days from start of treatment to the scan, or None.
        folder: Folder of the cohort; set by `read_cohort`.
    """

    study_id: str
    patient_id: str
    files: tuple[str, ...]
    split: Split | None = None
    metastasis: bool = False
    sites: tuple[Site, ...] = ()
    benign: bool = False
    primary: str = ""
    sex: str | None = None
    age_years: float | None = None
    alp_u_l: float | None = None
    treatment_start_days: float | None = None
    folder: Path = field(default=Path(), compare=False)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files to read."""
        return tuple(self.folder / name for name in self.files)

    @property
    def annotation_paths(self) -> tuple[Path, ...]:
        """The masks, region maps and LabelMe files that are there."""
        return tuple(label_masks.annotation_files(self.folder, self.study_id, self.paths))

    @property
    def is_simulated(self) -> bool:
        """Whether it comes from the simulator, by the files that this leaves, or else by the scan's header.

        A header says it wherever the scan was copied to. What cannot be read says nothing.
        """
        from bonescan.io.dicom import read_header
        from bonescan.io.dicom_header import is_simulated
        from bonescan.io.inputs import kind_of

        if (self.folder / SIMULATION).is_file() or (self.folder / self.study_id / TRUTH).is_file():
            return True
        scan = self.paths[0]  # the views of a study come from one camera
        try:
            return kind_of(scan) == "dicom" and is_simulated(read_header(scan, stop_before_pixels=True))
        except InputError:
            return False

    def read_study(self) -> Study:
        """Read the scan.

        Raises:
            CohortError: The files cannot be read as a bone scan; the message names the study.
        """
        from bonescan.io.reader import StudyInput, read_study

        try:
            return read_study(StudyInput(self.study_id, self.paths))
        except InputError as error:
            hint = error.hint or "See all faults with 'bonescan cohort check'"
            raise CohortError(f"{self.study_id}: {error.found}", expected=error.expected, hint=hint) from error

    def read_labels(self) -> dict[ViewName, Labels]:
        """Read the label masks of the views that are annotated.

        Returns:
            View → (row, column) uint8 of `MaskLabel`, in the geometry of the view. Empty where nothing is annotated. A
            view that the scan lacks may be among them, if there is a mask or a LabelMe file of it.

        Raises:
            CohortError: A mask or a LabelMe file cannot be understood.
        """
        return label_masks.read_labels(self.folder, self.study_id, self.paths)

    def read_regions(self) -> dict[ViewName, Labels] | None:
        """Read the region maps: view → (row, column) uint8 of `Region`, or None where there is none.

        Raises:
            CohortError: A region map cannot be understood.
        """
        return label_masks.read_regions(self.folder, self.study_id)
