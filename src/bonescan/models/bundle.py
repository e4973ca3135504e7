"""A model bundle: a folder that holds all that inference needs, and no code.

::

    bundle.json                 what the model is, was trained on and can do; SHA-256 of every other file
    classify.onnx               (N, 1, 256, 256) windows → (N, 2) probability of metastasis and of bladder
    segment_metastasis.onnx     (N, 1, 256, 256) → (N, 1, 256, 256) probability
    segment_bladder.onnx        the same
    locate.onnx                 (N, 2, 1024, 512) image and metastasis map → (N, 6) probability of each site
    joint.onnx                  instead of these four in the pipeline "joint"; see `inference.joint`
    MODEL_CARD.md               the same facts for people

Inputs are named "input"; a lone output is named "probability". Reading a bundle imports neither torch nor onnx.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bonescan.core.anatomy import Site
from bonescan.core.errors import BundleCorruptError, ModelError, UnknownModelError, UsageError
from bonescan.core.files import staged_folder, write_bytes, write_text

SCHEMA = "bonescan.bundle/1"
MANIFEST = "bundle.json"
CARD = "MODEL_CARD.md"
_NAME = r"[a-z0-9][a-z0-9_-]*"
_Probability = float


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class BundleFile(_Frozen):
    """What a file must be."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)


class Thresholds(_Frozen):
    """Probabilities at and above which the answer is yes, tuned on validation data."""

    patient: _Probability = Field(ge=0, le=1, description="Of the patient's probability of metastasis.")
    window_metastasis: _Probability | None = Field(
        None, ge=0, le=1, description="Windows at or above are segmented; stepwise alone."
    )
    window_bladder: _Probability | None = Field(None, ge=0, le=1)
    segment_metastasis: _Probability = Field(ge=0, le=1, description="Of a pixel.")
    segment_bladder: _Probability = Field(ge=0, le=1)
    segment_benign: _Probability | None = Field(None, ge=0, le=1, description="Where the model knows benign uptake.")
    sites: dict[Site, _Probability]
    untuned: tuple[str, ...] = Field(
        (),
        description="Classes that no patient to tune on has outlined: the threshold of a pixel is as before, or 0.5. "
        '"patient" where these all have metastases, or none has: nothing is calibrated, and the threshold is 0.5.',
    )


class Figure(_Frozen):
    """One measured number."""

    name: str
    value: float | None = Field(description="Null where it is not defined, e.g. an area under a curve of one class.")
    low: float | None = Field(None, description="Lower end of the 95 % interval.")
    high: float | None = Field(None, description="Upper end of the 95 % interval.")
    count: int | None = Field(None, ge=0, description="Cases, windows or views it was measured on.")
    dataset: str


class TrainingCohort(_Frozen):
    """Patients that it was trained, or calibrated, on."""

    fingerprint: str = Field(description="Of all cohorts together; of a lone one its own.")
    fingerprints: tuple[str, ...] = Field((), description="Of each cohort; none where that was not kept.")
    before: dict[str, int] = Field(
        {}, description="Of each that taught what the networks started from: the seed of the split, where it was drawn."
    )
    scans: tuple[str, ...] = Field(
        (),
        description="Of each file of a scan on the training side, and of those that taught what the networks started "
        "from, the first 16 digits of its SHA-256; none where that was not kept.",
    )
    cases: dict[str, int]
    description: str


class Manifest(_Frozen):
    """The document `bundle.json`."""

    schema_: Literal["bonescan.bundle/1"] = Field("bonescan.bundle/1", alias="schema")
    name: str = Field(pattern=f"^{_NAME}$")
    version: str
    licence: str
    pipeline: Literal["stepwise", "joint"]
    recipe: dict[str, Any]
    recipe_sha256: str
    preprocessing: dict[str, Any]
    thresholds: Thresholds
    calibration: dict[str, Any] | None = None
    training_cohort: TrainingCohort
    calibration_cohort: TrainingCohort | None = Field(
        None,
        description="What thresholds, calibration and figures come from, where not from the training's validation.",
    )
    figures: tuple[Figure, ...]
    intended_use: str
    simulated_only: bool
    regions: bool = Field(True, description="False where nothing taught a joint network where the bones are.")
    files: dict[str, BundleFile]

    @property
    def taught_by(self) -> dict[str, int]:
        """Fingerprint of each cohort that taught its networks → the seed of its split, where that was drawn."""
        cohort = self.training_cohort
        return {
            **cohort.before,
            **dict.fromkeys((cohort.fingerprint, *cohort.fingerprints), self.recipe.get("seed", 0)),
        }

    def to_json(self) -> str:
        """The document as JSON text."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"

    def figure(self, name: str) -> Figure | None:
        """The figure of a name, or None."""
        return next((figure for figure in self.figures if figure.name == name), None)


@dataclass(frozen=True)
class Bundle:
    """A bundle whose files have been checked.

    Attributes:
        folder: Where it lies.
        manifest: What `bundle.json` says.
        sha256: SHA-256 of `bundle.json`, which itself lists those of all other files: names the model exactly.
    """

    folder: Path
    manifest: Manifest
    sha256: str

    def path(self, name: str) -> Path:
        """Path of one of its files.

        Raises:
            ModelError: The manifest lists no such file.
        """
        if name not in self.manifest.files:
            raise ModelError(f"the bundle {self.manifest.name} has no file {name}")
        return self.folder / name


def check_name(name: str) -> None:
    """Prove that a bundle may have this name; to be called before long work.

    Raises:
        UsageError: It may not.

    Example:
        >>> check_name("ours-joint")
    """
    if not re.fullmatch(_NAME, name):
        raise UsageError(
            f"a bundle cannot be named {name!r}",
            expected="lower-case letters, digits, '-' and '_', the first a letter or a digit",
        )


def load_bundle(folder: Path | str) -> Bundle:
    """Open a bundle and check every file against its SHA-256.

    Raises:
        UnknownModelError: The folder holds no bundle.
        BundleCorruptError: A file is missing or altered, or `bundle.json` is not what it should be.
    """
    folder = Path(folder)
    manifest, digest = read_manifest(folder)
    for name, expected in manifest.files.items():
        _check(folder / name, expected, manifest.name)
    return Bundle(folder, manifest, digest)


def read_manifest(folder: Path) -> tuple[Manifest, str]:
    """Read `bundle.json` alone, for listings: the manifest and its SHA-256; other files are not looked at.

    Raises:
        UnknownModelError: There is none.
        BundleCorruptError: It cannot be understood.
    """
    path = folder / MANIFEST
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise UnknownModelError(
            f"{folder} holds no {MANIFEST}", hint="Name a folder written by 'bonescan export', or a model's name"
        ) from error
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror or error}") from error
    return _understood(raw, folder.name), hashlib.sha256(raw).hexdigest()


def _understood(raw: bytes, bundle: str) -> Manifest:
    """The manifest that the bytes of `bundle.json` hold, or `BundleCorruptError`."""
    try:
        manifest = Manifest.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "document"
        raise BundleCorruptError(
            f"{MANIFEST} of {bundle} has {error.error_count()} faults, the first at {where}: {first['msg']}",
            expected=f"schema {SCHEMA}",
            hint="Export the bundle again",
        ) from error
    stray = [name for name in manifest.files if Path(name).name != name]
    if stray:
        raise BundleCorruptError(f"{MANIFEST} of {bundle} names {stray[0]!r}", expected="plain file names")
    return manifest


def write_bundle(folder: Path, manifest: Manifest, files: dict[str, bytes]) -> Bundle:
    """Write a bundle as a whole; an earlier one in its place is replaced.

    Args:
        folder: The bundle.
        manifest: Its `files` are filled in here.
        files: Name → content of everything but `bundle.json`.

    Raises:
        BundleCorruptError: The manifest is not what it should be; what was there stays.
        OutputError: The folder cannot be written; what was there stays.
    """
    listed = {
        name: BundleFile(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data)) for name, data in files.items()
    }
    complete = manifest.model_copy(update={"files": listed})
    with staged_folder(folder) as staged:
        for name, data in files.items():
            write_bytes(staged / name, data)
        write_text(staged / MANIFEST, complete.to_json())
        # A copy with changes has not been validated, and an unreadable bundle must not take the place of a good one.
        _understood((staged / MANIFEST).read_bytes(), folder.name)
    return load_bundle(folder)


def _check(path: Path, expected: BundleFile, bundle: str) -> None:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise BundleCorruptError(
            f"{path.name} is missing from the bundle {bundle}", hint="Install or export the bundle again"
        ) from error
    except OSError as error:
        raise BundleCorruptError(f"{path.name} of the bundle {bundle} cannot be read: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != expected.sha256:
        raise BundleCorruptError(
            f"{path.name} of the bundle {bundle} has been altered ({len(data)} bytes)",
            expected=f"{expected.bytes} bytes with SHA-256 {expected.sha256[:12]}…",
            hint="Install or export the bundle again",
        )
