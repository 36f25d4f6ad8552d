"""Tables with what the skin shows: when it is written, and on a real face."""

import numpy as np
import pytest

from genface.avatar import Rig
from genface.detect import Detector
from genface.detect.assemble import Sighting, face_table
from genface.detect.facemesh import Mesh
from genface.detect.sources import Source
from genface.detect.tracking import Face
from genface.facs import AU_NAMES
from genface.nets.au_appearance import load_appearance
from genface.nets.au_model import load_au_model

CLIP = Source("a.mp4", "video", None)


def meshes(frown):
    """A rig's faces (T, 478, 3) with so much of AU04 in each frame (T,)."""
    points = Rig.default().vertices(np.asarray(frown)[:, None], au_names=["AU04"])
    return (points[:, :478] * [1, -1, -1] * 12 + [320, 240, 0]).astype(np.float32)


def table(skins, all_aus, frown=None):
    frown = np.zeros(len(skins)) if frown is None else frown
    rows = [
        Sighting(CLIP, frame, frame / 25, 480, 640, Face(0, Mesh(mesh, 0.9, skin)))
        for frame, (mesh, skin) in enumerate(zip(meshes(frown), skins, strict=True))
    ]
    return face_table(rows, Rig.default().neutral[:478], load_au_model(), all_aus)


def test_skin_is_read_only_where_all_aus_are_wanted():
    skins = np.zeros((12, len(load_appearance().columns)))
    skins[11] = 0.75
    assert table(skins, False)["AU04"].isna().all()
    found = table(skins, True)
    np.testing.assert_allclose(found["AU04"], [0] * 11 + [0.75])
    np.testing.assert_allclose(found["AU09"], [0] * 11 + [0.75])


def test_a_mesh_without_features_keeps_what_the_mesh_tells():
    frown, model = np.arange(12) / 12, load_au_model()
    plain, mesh = table([None] * 12, True, frown), meshes(frown)
    told = model.aus(mesh, model.neutral(mesh), all_aus=True)
    np.testing.assert_allclose(plain[list(AU_NAMES)], told, atol=1e-6)
    assert plain["AU04"].max() > 0.1


@pytest.mark.slow
def test_brows_are_drawn_together_in_tears_and_not_in_laughter(shared, weights_cached):
    clip = shared / "data" / "media" / "WolfgangLanger_Pexels.mp4"
    fex = Detector("facemesh").detect(clip, all_aus=True, progress=False)
    frown, wrinkle = (fex.set_index("frame")[name] for name in ("AU04", "AU09"))
    assert frown.loc[40:120].mean() > 0.4 and frown.loc[240:].mean() < 0.1
    assert wrinkle.loc[240:].mean() < 0.2  # the mesh alone: .5
