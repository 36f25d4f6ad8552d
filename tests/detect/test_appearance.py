"""Tables with what the skin shows: when it is written, and on a real face."""

import numpy as np
import pytest

from genface.avatar import Rig
from genface.detect import Detector
from genface.detect.assemble import Sighting, face_table
from genface.detect.facemesh import Mesh
from genface.detect.sources import Source
from genface.detect.tracking import Face
from genface.nets.au_appearance import load_appearance
from genface.nets.au_model import load_au_model

CLIP = Source("a.mp4", "video", None)


def rows(skins):
    neutral = Rig.default().neutral[:478].astype(np.float64)
    mesh = (neutral * [1, -1, -1] * 12 + [320, 240, 0]).astype(np.float32)
    return [
        Sighting(CLIP, frame, frame / 25, 480, 640, Face(0, Mesh(mesh, 0.9, skin)))
        for frame, skin in enumerate(skins)
    ]


def table(skins, all_aus):
    neutral = Rig.default().neutral[:478]
    return face_table(rows(skins), neutral, load_au_model(), all_aus)


def test_skin_is_read_only_where_all_aus_are_wanted():
    skins = np.zeros((12, len(load_appearance().columns)))
    skins[11] = 0.75
    assert table(skins, False)["AU04"].isna().all()
    found = table(skins, True)
    np.testing.assert_allclose(found["AU04"], [0] * 11 + [0.75])
    np.testing.assert_allclose(found["AU09"], [0] * 11 + [0.75])


def test_a_mesh_without_features_keeps_what_the_mesh_tells():
    plain, again = table([None] * 12, True), table([None] * 12, True)
    assert plain["AU04"].notna().all()
    np.testing.assert_array_equal(plain["AU04"], again["AU04"])


@pytest.mark.slow
def test_brows_are_drawn_together_in_tears_and_not_in_laughter(shared, weights_cached):
    clip = shared / "data" / "media" / "WolfgangLanger_Pexels.mp4"
    fex = Detector("facemesh").detect(clip, all_aus=True, progress=False)
    frown, wrinkle = (fex.set_index("frame")[name] for name in ("AU04", "AU09"))
    assert frown.loc[40:120].mean() > 0.4 and frown.loc[240:].mean() < 0.1
    assert wrinkle.loc[240:].mean() < 0.2  # the mesh alone: .5
