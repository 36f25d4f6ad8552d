"""Crops of faces as a stage: by scipy, by the original's numbers."""

import numpy as np
import pytest
import stand_ins

from genface.detect.face_crops import FaceCrops, cut
from genface.detect.stages import FaceBatch
from genface.geometry import Pixels


def test_crops_equal_scipys_also_over_the_edges():
    faces = stand_ins.batch()
    FaceCrops()(faces)
    found = np.asarray(faces.found["crops"])
    np.testing.assert_allclose(found, stand_ins.pieces(112), atol=1e-5)
    # The second face begins outside of its picture, where all is black.
    assert not found[1, :20, :20].any() and found[1, 60:, 60:].any()


def test_columns_are_the_expanded_box_in_whole_pixels_and_the_score():
    faces = stand_ins.batch()
    found = FaceCrops()(faces)
    # 40 to 96.7 by 1.2 is 34.33 to 102.37; 30.3 to 99.2 is 23.41 to 106.09.
    np.testing.assert_array_equal(found[0], [34, 23, 68, 83, 0.9])
    boxes = faces.found["crop_boxes"]
    assert boxes.dtype.kind == "i" and boxes.tolist()[0] == [34, 23, 102, 106]
    np.testing.assert_array_equal(found[:, 2:4], boxes[:, 2:] - boxes[:, :2])


@pytest.mark.parity
def test_crops_equal_the_original(shared):
    draws = np.random.default_rng(0).random((3, 90, 120)).astype(np.float32)
    pixels = Pixels(np.moveaxis(draws, 0, -1).reshape(-1, 3) * 255, 90, 120)
    with np.load(shared / "parity/preprocess.npz") as kept:
        faces = FaceBatch([pixels] * 3, kept["boxes"].astype(float), np.ones(3))
        FaceCrops()(faces)
        crops = np.moveaxis(faces.found["crops"], -1, 1)
        np.testing.assert_allclose(crops[..., ::4, ::4], kept["crop112"], atol=1e-4)
        whole = kept["crop112_newbox"]
        np.testing.assert_array_equal(faces.found["crop_boxes"], whole)
        small = np.moveaxis(cut(faces, 32, 1.1)[0], -1, 1)
        np.testing.assert_allclose(small, kept["crop32_e11"], atol=1e-4)
