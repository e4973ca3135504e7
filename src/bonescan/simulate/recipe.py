"""What a simulated cohort is made of: one frozen table, read from TOML."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bonescan.core.errors import RecipeError


class CohortRecipe(BaseModel):
    """Make-up of a simulated cohort.

    The defaults follow the paper's cohort: 280 of 621 with metastases, and 172 of the 341 others with benign uptake.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = "default"
    metastasis_fraction: float = Field(default=280 / 621, ge=0, le=1)
    benign_fraction: float = Field(default=172 / 341, ge=0, le=1, description="Among patients without metastases.")
    superscan_fraction: float = Field(default=0.05, ge=0, le=1, description="Among patients with metastases.")
    counts_low: float = Field(default=0.35e6, gt=1e4, description="Lowest expected counts a view.")
    counts_high: float = Field(default=2.0e6, lt=2e7, description="Highest expected counts a view.")


def read_recipe(path: Path | None) -> CohortRecipe:
    """Read a recipe, or return the default one.

    Raises:
        RecipeError: The file is no TOML, or has unknown keys or values out of range.
    """
    if path is None:
        return CohortRecipe()
    try:
        return CohortRecipe.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{path.name} cannot be read: {error}", expected="a TOML file") from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise RecipeError(
            f"{path.name}: {faults}", hint=f"Known keys: {', '.join(CohortRecipe.model_fields)}"
        ) from None
