"""Regions of the face: complete, symmetric, and on the right half where they say so."""

import numpy as np
import pytest

from genface.errors import InputError
from genface.facs.regions import AU_PATCHES, MIDDLE, PATCHES, mirror, region
from genface.facs.units import AU_NAMES, UNITS
from genface.geometry import mesh_points


def test_every_au_of_the_detector_has_a_region():
    assert {int(name[2:]) for name in AU_NAMES} <= set(AU_PATCHES) <= set(UNITS)
    assert all(patch in PATCHES for row in AU_PATCHES.values() for patch in row)


def test_the_mirror_keeps_the_topology():
    other = np.array(mirror())
    assert (other[other] == np.arange(468)).all()
    assert (other[list(MIDDLE)] == MIDDLE).all()

    def as_set(triangles):
        return {frozenset(row) for row in triangles.tolist()}

    triangles = mesh_points.triangles()
    same = as_set(other[triangles]) & as_set(triangles)
    assert len(same) > 0.95 * len(triangles)  # some quads are cut the other way


def test_the_mirror_swaps_the_named_paths():
    other = mirror()
    for right, left in (
        (mesh_points.RIGHT_EYE, mesh_points.LEFT_EYE),
        (mesh_points.RIGHT_BROW_UPPER, mesh_points.LEFT_BROW_UPPER),
        (mesh_points.RIGHT_BROW_LOWER, mesh_points.LEFT_BROW_LOWER),
    ):
        assert [other[i] for i in right] == list(left)
    lips = mesh_points.LIPS_OUTER_UPPER
    assert [other[i] for i in lips] == list(lips[::-1])


def test_sides_share_the_midline_and_make_up_the_whole():
    for number in (n for n in AU_PATCHES if UNITS[n].bilateral):
        both = set(region(number))
        left, right = (set(region(f"AU{number:02d}_{side}")) for side in "LR")
        assert left | right == both
        assert left & right <= set(MIDDLE)


def test_regions_hold_the_landmarks_that_facs_names():
    assert {291, 308} <= set(region("AU12_L")) and 291 not in region("AU12_R")
    assert 336 in region("AU01_L") and 300 not in region("AU01_L")
    assert 300 in region("AU02_L") and 336 not in region("AU02_L")
    assert {159, 145, 386, 374} <= set(region("AU43"))
    assert 199 in region("AU17") and 117 in region("AU06_R")


@pytest.mark.parametrize("au", ["AU51", "AU97", 0, "smile"])
def test_units_without_a_region_are_refused(au):
    with pytest.raises(InputError):
        region(au)
