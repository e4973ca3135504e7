"""The picture of the bodies: posture as most people have it."""

from dataclasses import fields

import numpy as np
import pytest

from benchmarks.bodies import ALIKE, BUILDS, RESTING
from bonescan.simulate.posture import Posture, draw_posture


def test_what_is_alike_are_fields_of_a_posture():
    assert set(ALIKE) <= {field.name for field in fields(Posture)}


@pytest.mark.parametrize("name", ["upper_arm", "shoulder_level", "thighs_part", "chest_flare"])
def test_the_bodies_lie_as_half_of_the_patients_do(name):
    drawn = [getattr(draw_posture(np.random.default_rng(seed)), name) for seed in range(1000, 1200)]
    assert 0.35 < np.mean(np.array(drawn) < getattr(RESTING, name)) < 0.65
    assert all(getattr(posture, name) == getattr(RESTING, name) for _, posture in BUILDS)
