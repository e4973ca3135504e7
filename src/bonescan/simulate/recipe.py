"""What a simulated cohort is made of: one frozen table, shipped by name or read from TOML."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bonescan.core.anatomy import Site
from bonescan.core.errors import RecipeError

_SHIPPED = Path(__file__).parent / "recipes"
Course = Literal["response", "progression", "mixed", "flare", "stable", "repeat"]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Side(_Table):
    """Exact make-up of one side of the split.

    Attributes:
        name: "train" (of which a fifth becomes validation) or "test".
        metastatic: Patients with metastases.
        benign: Patients without metastases but with benign uptake.
        normal: Patients with neither.
        sites: Patients with metastases at each site.
    """

    name: Literal["train", "test"]
    metastatic: int = Field(ge=0)
    benign: int = Field(ge=0)
    normal: int = Field(ge=0)
    sites: dict[Site, int] = {}

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.sites and (max(self.sites.values()) > self.metastatic or sum(self.sites.values()) < self.metastatic):
            raise ValueError("every patient with metastases needs a site, and no site more patients than there are")
        if not self.metastatic + self.benign + self.normal:
            raise ValueError("a side needs patients")
        return self


class SerialRecipe(_Table):
    """How patients fare between scans, where they are simulated at several dates."""

    courses: dict[Course, float] = Field(
        default={"response": 25, "progression": 25, "mixed": 15, "flare": 10, "stable": 15, "repeat": 10},
        description="Relative frequency of each course among patients with metastases.",
    )
    interval_days: tuple[int, int] = Field(default=(60, 180), description="Shortest and longest time between scans.")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if min(self.courses.values(), default=0) < 0 or sum(self.courses.values()) <= 0:
            raise ValueError("the frequencies of the courses are not negative, and not all 0")
        if not 1 <= self.interval_days[0] <= self.interval_days[1]:
            raise ValueError("interval_days is the shortest and the longest time, at least 1 day")
        return self


class CohortRecipe(_Table):
    """Make-up of a simulated cohort.

    The defaults follow the paper's cohort: 280 of 621 with metastases, and 172 of the 341 others with benign uptake.
    """

    name: str = "default"
    patients: int | None = Field(default=None, ge=1, description="Number of patients where none is asked for.")
    metastasis_fraction: float = Field(default=280 / 621, ge=0, le=1)
    benign_fraction: float = Field(default=172 / 341, ge=0, le=1, description="Among patients without metastases.")
    superscan_fraction: float = Field(default=0.05, ge=0, le=1, description="Among patients with metastases.")
    counts_low: float = Field(default=0.35e6, gt=1e4, description="Lowest expected counts a view.")
    counts_high: float = Field(default=2.0e6, lt=2e7, description="Highest expected counts a view.")
    fine_matrix_fraction: float = Field(default=0.0, ge=0, le=1, description="Share of scans of 512 x 2048 pixels.")
    pixel_mm: float | None = Field(
        default=None, ge=1.5, le=4, description="Pixel of a matrix of 256 x 1024; drawn among makes of cameras if None."
    )
    voxel_fraction: float = Field(default=1.0, ge=0, le=1, description="Share of voxel bodies, where there are any.")
    contrast_factor: tuple[float, float] = Field(
        default=(1.0, 1.0), description="Range of a factor on the contrast of metastases above 1, drawn log-uniformly."
    )
    size_factor: tuple[float, float] = Field(default=(1.0, 1.0), description="Range of a factor on their radius.")
    few_lesions_fraction: float = Field(
        default=0.0, ge=0, le=1, description="Share of patients with metastases who keep one to three of them."
    )
    extra_benign: float = Field(
        default=0.0, ge=0, le=10, description="Mean number of further benign conditions of whoever has benign uptake."
    )
    sides: tuple[Side, ...] = Field(default=(), description="Exact numbers, instead of the fractions.")
    serial: SerialRecipe = SerialRecipe()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for name in ("contrast_factor", "size_factor"):
            low, high = getattr(self, name)
            if not 0.1 <= low <= high <= 10:
                raise ValueError(f"{name} is two numbers from 0.1 to 10, the lower first")
        if self.counts_low > self.counts_high:
            raise ValueError("counts_low is above counts_high")
        if len({side.name for side in self.sides}) != len(self.sides):
            raise ValueError("two sides have the same name")
        return self

    @property
    def whole(self) -> int | None:
        """Number of patients where none is asked for, or None."""
        total = sum(side.metastatic + side.benign + side.normal for side in self.sides)
        return total or self.patients


def shipped_recipes() -> tuple[str, ...]:
    """Names of the recipes that come with the package.

    Example:
        >>> shipped_recipes()
        ('default', 'hard', 'paper-621')
    """
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.toml")))


def read_recipe(name: str | Path | None) -> CohortRecipe:
    """Read a shipped recipe by name or a TOML file, or return the default one.

    A file may say ``base = "hard"``: what it leaves out is then that recipe's.

    Raises:
        RecipeError: There is no such recipe, the file is no TOML, or has unknown keys or values out of range.

    Example:
        >>> read_recipe("paper-621").whole
        621
    """
    if name is None:
        return CohortRecipe()
    label = Path(name).name
    values = _values(name)
    if "base" in values:
        base = values.pop("base")
        if base not in shipped_recipes():
            raise RecipeError(f"{label}: base is {base!r}", expected=f"one of {', '.join(shipped_recipes())}")
        values = {**_values(base), **values}
    try:
        return CohortRecipe.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise RecipeError(
            f"{label}: {faults}", hint=f"Known keys: base, {', '.join(CohortRecipe.model_fields)}"
        ) from None


def _values(name: str | Path) -> dict[str, Any]:
    path = _SHIPPED / f"{name}.toml" if str(name) in shipped_recipes() else Path(name)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(
            f"the recipe {path.name} cannot be read: {type(error).__name__}",
            expected=f"a TOML file, or one of {', '.join(shipped_recipes())}",
        ) from error
