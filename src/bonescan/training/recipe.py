"""The recipe of the science: everything that decides what a training run learns, in one TOML file.

A recipe is frozen, refuses unknown keys, and its SHA-256 is kept with the run and in the bundle made from it.
"""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from bonescan.core.errors import RecipeError

Share = float


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _at_most_all(recipe: _Frozen, *names: str) -> None:
    """Refuse shares of the same samples that are more than all of them together."""
    total = sum(getattr(recipe, name) for name in names)
    if total > 1 + 1e-9:
        raise ValueError(
            f"{' + '.join(names)} is {total:g}; expected at most 1, the others are drawn from what is left"
        )


class DataRecipe(_Frozen):
    """What counts as positive, and what the samplers draw."""

    window_min_px: int = Field(12, ge=1, description="Grid pixels of a class that make a window positive.")
    strip_windows: int = Field(3, ge=1, le=7, description="Windows of a classification sample, one below the other.")
    patch_px: int = Field(128, ge=32, le=256, multiple_of=8, description="Side of a segmentation sample.")
    metastasis_share: Share = Field(0.45, ge=0, le=1, description="Classification samples around metastases.")
    bladder_share: Share = Field(0.10, ge=0, le=1, description="Classification samples around bladders.")
    benign_share: Share = Field(0.25, ge=0, le=1, description="Classification samples around benign uptake.")
    hard_negative_share: Share = Field(0.15, ge=0, le=1, description="Segmentation samples without the class.")
    locate_negative_share: Share = Field(0.2, ge=0, le=1, description="Report samples of patients without metastasis.")
    predicted_share: Share = Field(0.5, ge=0, le=1, description="Report samples with predicted instead of true maps.")
    predicted_cases: int = Field(150, ge=0, description="Training patients for whom maps are predicted.")

    @model_validator(mode="after")
    def _shares(self) -> Self:
        _at_most_all(self, "metastasis_share", "bladder_share", "benign_share")
        return self


class AugmentRecipe(_Frozen):
    """Ranges that each sample's parameters are drawn from."""

    rotation_deg: float = Field(7.0, ge=0, le=15)
    scale: float = Field(0.15, ge=0, lt=0.5, description="Largest relative change of size.")
    stretch: float = Field(0.08, ge=0, lt=0.5, description="Largest relative change of the aspect.")
    shift_px: float = Field(12.0, ge=0)
    flip: Share = Field(0.5, ge=0, le=1, description="Left-right; allowed since no output knows left from right.")
    gain: float = Field(0.2, ge=0, lt=1, description="Largest relative change of intensity.")
    gamma: float = Field(0.15, ge=0, lt=1, description="Largest relative change of the exponent.")
    saturate: Share = Field(0.4, ge=0, le=1, description="Share clipped as an 8-bit file clips.")
    floor: Share = Field(0.3, ge=0, le=1, description="Share whose lowest counts are cut to 0.")
    floor_most: float = Field(0.15, ge=0, le=1, description="Highest of these, in multiples of the body's reference.")
    thin: Share = Field(0.5, ge=0, le=1, description="Share with fewer counts.")
    thin_least: float = Field(0.35, gt=0, le=1, description="Smallest fraction of counts kept.")
    blur: Share = Field(0.4, ge=0, le=1)
    blur_px: float = Field(1.2, ge=0, description="Largest standard deviation.")


class JointDataRecipe(_Frozen):
    """How often the joint network sees which patients."""

    metastatic_share: Share = Field(0.55, ge=0, le=1, description="Samples of patients with metastases.")
    benign_share: Share = Field(0.3, ge=0, le=1, description="Samples of patients with benign uptake alone.")

    @model_validator(mode="after")
    def _shares(self) -> Self:
        _at_most_all(self, "metastatic_share", "benign_share")
        return self


class JointAugmentRecipe(AugmentRecipe):
    """Ranges for both views of a patient at once: besides the others', what changes bodies and what crops them."""

    shift_px: float = Field(6.0, ge=0)
    gain: float = Field(0.3, ge=0, lt=1)
    gamma: float = Field(0.3, ge=0, lt=1)
    floor: Share = Field(0.5, ge=0, le=1)
    floor_most: float = Field(0.6, ge=0, le=1)
    thin_least: float = Field(0.25, gt=0, le=1)
    view_shift: Share = Field(0.012, ge=0, lt=0.2, description="Between the views, which are boxed apart.")
    elastic_px: float = Field(5.0, ge=0, description="Standard deviation of a smooth displacement.")
    crop: Share = Field(0.5, ge=0, le=1, description="Share cut at its sides, and stretched to the grid again.")
    crop_ends: Share = Field(0.04, ge=0, lt=0.3, description="Largest part of the rows cut at head and feet.")
    crop_side: Share = Field(0.12, ge=0, lt=0.3, description="Largest part of the columns cut at either side.")
    crop_legs: Share = Field(0.1, ge=0, le=1, description="Share that ends somewhere between thigh and foot.")
    one_view: Share = Field(0.06, ge=0, le=1, description="Share that lacks one of its views.")
    region_gain: float = Field(0.22, ge=0, lt=1, description="Spread of the uptake of each region, logarithmic.")
    field_gain: float = Field(0.18, ge=0, lt=1, description="Spread of a smooth field of gain, logarithmic.")
    pairs: float = Field(1.6, ge=0, le=10, description="Mean number of spots that both sides of the body share.")
    pair_contrast: float = Field(1.3, ge=0, le=5, description="Largest contrast of these, above 1.")
    bladder_gain: float = Field(0.6, ge=0, lt=2, description="Spread of the bladder's, logarithmic.")
    grey_levels: Share = Field(0.4, ge=0, le=1, description="Share rounded to few grey levels.")
    grey_step: tuple[float, float] = Field(
        (0.06, 0.4), description="Least and largest step between these, in multiples of the body's reference."
    )

    @field_validator("grey_step")
    @classmethod
    def _from_least_to_largest(cls, step: tuple[float, float]) -> tuple[float, float]:
        least, largest = step
        if not 0 < least <= largest:  # drawn on a logarithmic scale
            raise ValueError(f"from {least:g} to {largest:g}; expected the least first, both above 0")
        return step


class OptimizerRecipe(_Frozen):
    """SGD, AdamW or Muon with a warm-up and a cosine."""

    kind: Literal["sgd", "adamw", "muon"] = "sgd"
    average: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Decay a step of a running average of the weights, which is what ships; 0 for none.",
    )
    keep_start: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Share of the weights that training started from in those that ship; for runs with --start.",
    )
    clip: float | None = Field(None, gt=0, description="Largest norm of the gradient.")

    momentum: float = Field(0.9, ge=0, lt=1)
    nesterov: bool = True
    turn: float = Field(15.0, gt=0, description="Of Muon: share by which a step turns a convolution, over `lr`.")
    weight_decay: float = Field(1e-4, ge=0)
    warmup: Share = Field(0.03, ge=0, lt=1, description="Share of the schedule with rising learning rate.")
    final: Share = Field(0.01, ge=0, le=1, description="Learning rate at the end, relative to the start.")


class StageRecipe(_Frozen):
    """Length and step of one network's training.

    The schedule's progress is the larger of steps done over `steps` and minutes spent over `minutes`; a run that the
    clock ends is not reproducible to the bit, one that `steps` ends is.
    """

    steps: int = Field(gt=0)
    minutes: float | None = Field(None, gt=0)
    batch: int = Field(16, gt=0)
    micro_batch: int | None = Field(None, gt=0, description="Samples in memory at once; gradients are summed.")
    lr: float = Field(0.01, gt=0)
    validate_every: int = Field(50, gt=0)
    validation_windows: int = Field(160, gt=0)
    checkpoint_every: int = Field(25, gt=0)


class ClassifyRecipe(StageRecipe):
    """The window classifier."""

    gamma: float = Field(1.0, ge=0, description="Of the focal loss. Source: paper, gamma = 1.")
    stem: Literal["paper", "imagenet"] = "paper"
    shrink: Literal[1, 2] = Field(1, description="Windows are averaged down by this first; the paper's is 1.")
    auxiliary: float = Field(0.0, ge=0, description="Weight of the loss of the cell maps; 0 is the paper's network.")


class SegmentRecipe(StageRecipe):
    """One segmentation network."""

    base: int = Field(8, gt=0)
    cross_entropy_until: Share = Field(
        0.0,
        ge=0,
        le=1,
        description="Progress up to which cross-entropy fades out of the Dice loss; the paper has none.",
    )


class JointStageRecipe(StageRecipe):
    """The joint network, and what each of its answers weighs in the loss."""

    steps: int = Field(ge=0, description="0 leaves the network as it starts, for recipes that teach its answers alone.")

    cross_entropy: float = Field(4.0, ge=0, description="Weight of the findings' cross-entropy beside their Dice loss.")
    benign: float = Field(0.5, ge=0, description="Weight of the Dice loss of benign uptake; 0 makes it background.")
    bladder: float = Field(0.5, ge=0, description="Weight of the Dice loss of the bladder.")
    regions: float = Field(0.5, ge=0, description="Weight of the regions; with 0 the model names no bones.")
    study: float = Field(0.5, ge=0, description="Weight of metastasis and the six sites.")


class AnswersStageRecipe(StageRecipe):
    """What the joint network answers for the study, learnt alone: its maps stay as they are.

    `validation_windows` counts patients. `minutes` count from the first patient that is looked at; four fifths of them
    gone, no more are looked at.
    """

    passes: int = Field(3, ge=1, description="Times each patient is looked at: once as it is, then augmented.")


class UnetStageRecipe(StageRecipe):
    """The plain U-Net; `validation_windows` counts whole views."""

    base: int = Field(16, gt=0, description="Channels of the first resolution.")
    patch_px: int = Field(256, ge=32, le=256, multiple_of=16, description="Side of a training sample.")
    lesion_share: Share = Field(
        1 / 3, ge=0, le=1, description="Samples around metastases, as nnU-Net does; the others lie anywhere."
    )


class ReportStageRecipe(StageRecipe):
    """The ResNet34 report network; `validation_windows` counts patients."""

    stem: Literal["paper", "imagenet"] = "paper"
    shrink: Literal[1, 2] = Field(1, description="Pictures are averaged down by this first.")


class NnunetStageRecipe(_Frozen):
    """What nnU-Net is told; everything else it decides itself."""

    configuration: Literal["2d"] = "2d"
    minutes: float | None = Field(None, gt=0, description="Of training; planning and preprocessing come before.")
    epochs: int = Field(1000, gt=0)
    iterations: int = Field(250, gt=0, description="Steps an epoch; a checkpoint is written after each epoch.")
    validation_iterations: int = Field(50, gt=0)
    batch: int | None = Field(None, gt=1, description="Instead of what nnU-Net plans for a GPU of 8 GB.")
    benign: bool = Field(True, description="Whether benign uptake is a label of its own.")
    augmenters: int = Field(0, ge=0, description="Processes that augment; only 0 is reproducible.")
    mirroring: bool = Field(True, description="Whether four mirrored predictions are averaged, nnU-Net's default.")


class AnyMethodRecipe(_Frozen):
    """What all recipes say."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    version: str
    seed: int = Field(0, ge=0)
    threads: int = Field(2, gt=0)
    precision: Literal["float32", "bfloat16"] = "float32"


class BaseRecipe(AnyMethodRecipe):
    """What all recipes of networks of ours say."""

    optimizer: OptimizerRecipe = OptimizerRecipe()


class BundleRecipe(BaseRecipe):
    """What all recipes say whose networks ship."""

    quantise: Literal["none", "int8", "mixed", "integer"] = Field(
        "int8",
        description="Weights in files; mixed: large ones 4 bits; integer: activations as well, for speed.",
    )


class StepwiseRecipe(BundleRecipe):
    """A whole training run of the stepwise pipeline."""

    pipeline: Literal["stepwise"]
    # Without integer activations: their ranges are taken from what the joint network sees.
    quantise: Literal["none", "int8", "mixed"] = Field(
        "int8", description="Weights in files; mixed: large ones 4 bits."
    )
    data: DataRecipe = DataRecipe()
    augment: AugmentRecipe = AugmentRecipe()
    classify: ClassifyRecipe
    segment_metastasis: SegmentRecipe
    segment_bladder: SegmentRecipe
    locate: StageRecipe


class JointRecipe(BundleRecipe):
    """A whole training run of the joint pipeline."""

    pipeline: Literal["joint"]
    data: JointDataRecipe = JointDataRecipe()
    augment: JointAugmentRecipe = JointAugmentRecipe()
    joint: JointStageRecipe
    answers: AnswersStageRecipe | None = Field(None, description="A second stage; without it, part of the first alone.")

    @model_validator(mode="after")
    def _something_to_learn(self) -> Self:
        if self.joint.steps == 0 and self.answers is None:
            raise ValueError("joint.steps is 0 and there is no section [answers]: there is nothing to learn")
        return self


class UnetRecipe(BaseRecipe):
    """A training run of the plain U-Net."""

    pipeline: Literal["unet"]
    augment: AugmentRecipe = AugmentRecipe()
    unet: UnetStageRecipe


class ReportRecipe(BaseRecipe):
    """A training run of the ResNet34 report network."""

    pipeline: Literal["resnet34-report"]
    augment: AugmentRecipe = AugmentRecipe()
    report: ReportStageRecipe


class NnunetRecipe(AnyMethodRecipe):
    """A training run of nnU-Net."""

    pipeline: Literal["nnunet"]
    nnunet: NnunetStageRecipe


AnyRecipe = StepwiseRecipe | JointRecipe | UnetRecipe | ReportRecipe | NnunetRecipe
BASELINES = ("unet", "resnet34-report", "nnunet")
"""Pipelines that are compared with, and not made into bundles."""
_RECIPES: Mapping[str, type[AnyRecipe]] = {
    "stepwise": StepwiseRecipe,
    "joint": JointRecipe,
    "unet": UnetRecipe,
    "resnet34-report": ReportRecipe,
    "nnunet": NnunetRecipe,
}


def read_recipe(path: Path) -> tuple[AnyRecipe, str]:
    """Read and check a recipe.

    Args:
        path: A TOML file.

    Returns:
        The recipe and the SHA-256 of the file.

    Raises:
        RecipeError: The file is missing, is no TOML, or has unknown keys or values out of range; each fault is named.
    """
    try:
        raw = path.read_bytes()
        # Some editors begin a file with a byte order mark, which TOML does not know.
        document = tomllib.loads(raw.decode("utf-8-sig"))
    except OSError as error:
        raise RecipeError(f"cannot read the recipe {path.name}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path.name} is not TOML: {error}") from error
    pipeline = document.get("pipeline")
    if pipeline not in tuple(_RECIPES):
        found = "has no key pipeline" if pipeline is None else f"names an unknown pipeline, {pipeline!r}"
        raise RecipeError(f"{path.name} {found}", expected=f"one of {', '.join(_RECIPES)}")
    kind = _RECIPES[pipeline]
    try:
        recipe = kind.model_validate(document)
    except ValidationError as error:
        faults = [_in_words(kind, fault["loc"], fault["type"], fault["msg"]) for fault in error.errors()]
        count = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise RecipeError(f"{path.name} has {count}: {'; '.join(faults)}") from error
    return recipe, hashlib.sha256(raw).hexdigest()


def _in_words(kind: type[BaseModel], place: tuple[int | str, ...], fault: str, words: str) -> str:
    """What is wrong with a key, e.g. "joint.minuts: unknown key; did you mean minutes"."""
    if fault == "extra_forbidden":
        close = difflib.get_close_matches(str(place[-1]), _keys(kind, place[:-1]), n=1)
        words = "unknown key" + "".join(f"; did you mean {key}" for key in close)
    where = ".".join(map(str, place))
    return f"{where}: {words}" if where else words


def _keys(kind: type[BaseModel], sections: tuple[int | str, ...]) -> list[str]:
    """Keys that a section of a recipe may have."""
    for section in sections:
        annotation: Any = kind.model_fields[str(section)].annotation
        # A section that may be left out is one of two types, the other that of None.
        kind = next(iter(get_args(annotation)), annotation)
    return list(kind.model_fields)
