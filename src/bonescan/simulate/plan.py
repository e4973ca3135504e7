"""Who is in a cohort: class, sites, body and side of the split of every patient, before any is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from bonescan.core.anatomy import SITES, Site
from bonescan.core.errors import UsageError
from bonescan.simulate.recipe import CohortRecipe, Side


@dataclass(frozen=True)
class Member:
    """One patient to be.

    Attributes:
        index: Number in the cohort.
        metastatic: Whether there are metastases.
        benign: Whether there is benign uptake, where there are no metastases.
        sites: Sites of the metastases, or None to draw them.
        side: "train" or "test" where the recipe fixes it.
    """

    index: int
    metastatic: bool
    benign: bool
    sites: tuple[Site, ...] | None = None
    side: Literal["train", "test"] | None = None


def plan_cohort(recipe: CohortRecipe, n: int, seed: int) -> tuple[Member, ...]:
    """Decide the class of every patient.

    Without sides each patient is drawn from the fractions, whatever `n` is, so a cohort can be made larger later. With
    sides the numbers are exact; another `n` than the recipe's own scales them.

    Raises:
        UsageError: `n` is below 1, or too small for the sides.
    """
    if n < 1:
        raise UsageError(f"{n} patients", expected="at least 1")
    if recipe.sides:
        return tuple(sorted(_exact(recipe, n, seed), key=lambda member: member.index))
    members = []
    for i in range(n):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(i,)))
        metastatic = bool(rng.random() < recipe.metastasis_fraction)
        benign = bool(rng.random() < recipe.benign_fraction)
        members.append(Member(i, metastatic, benign and not metastatic))
    return tuple(members)


def _exact(recipe: CohortRecipe, n: int, seed: int) -> Iterator[Member]:
    groups = [(side, kind) for side in recipe.sides for kind in ("metastatic", "benign", "normal")]
    wanted = np.array([getattr(side, kind) for side, kind in groups])
    counts = _scaled(wanted, n)
    rng = np.random.default_rng([seed, n])
    order = iter(rng.permutation(n).tolist())
    for (side, kind), count in zip(groups, counts, strict=True):
        sites: list[tuple[Site, ...] | None] = [None] * count
        if kind == "metastatic" and side.sites:
            sites = list(_site_sets(side, count, rng))
        for one in sites:
            yield Member(next(order), kind == "metastatic", kind == "benign", one, side.name)


def _scaled(counts: npt.NDArray[np.int64], total: int) -> list[int]:
    """Counts in the same proportions that sum to `total`, by largest remainder.

    Example:
        >>> _scaled(np.array([6, 3, 1]), 5)
        [3, 2, 0]
    """
    shares = counts * total / counts.sum()
    scaled = np.floor(shares).astype(np.int64)
    missing = total - int(scaled.sum())
    scaled[np.argsort(scaled - shares, kind="stable")[:missing]] += 1
    return [int(count) for count in scaled]


def _site_sets(side: Side, count: int, rng: np.random.Generator) -> Iterator[tuple[Site, ...] | None]:
    """Sites of `count` patients with exactly the numbers of the side, patients of much disease having more of them."""
    extent = rng.normal(0, 1, count)
    has = np.zeros((count, len(SITES)), bool)
    for column, site in enumerate(SITES):
        number = round(side.sites.get(site, 0) * count / side.metastatic)
        has[np.argsort(-(extent + rng.logistic(0, 1, count)), kind="stable")[:number], column] = True
    if has.sum() < count:
        raise UsageError(
            f"too few patients with metastases ({count}) for the sites of the side {side.name!r}",
            hint=f"Simulate more patients; the recipe's own number is {side.metastatic} of this kind",
        )
    for empty in np.flatnonzero(~has.any(1)).tolist():
        # Whoever got none takes one from the patient with the most.
        most = int(np.argmax(has.sum(1)))
        given = int(rng.choice(np.flatnonzero(has[most])))
        has[most, given], has[empty, given] = False, True
    for row in has:
        yield tuple(site for site, there in zip(SITES, row.tolist(), strict=True) if there) or None
