"""AU model: what it must not react to, what it must find, how far it agrees."""

import importlib
from pathlib import Path

import numpy as np
import pytest

from genface.avatar import Rig
from genface.errors import ShapeError, WeightError
from genface.facs import AU_NAMES
from genface.files import shipped_model, write_npz
from genface.nets.au_model import AUModel, Neutral, load_au_model, read_au_model

ROOT = Path(__file__).parents[2]
EXPERIMENT = ROOT / "experiments" / "02_au_model"
CARD = ROOT / "models" / "au" / "card.md"


@pytest.fixture(scope="module")
def model() -> AUModel:
    return load_au_model()


@pytest.fixture
def experiment(monkeypatch, shared):
    """Modules of the experiment by name; they need the sets in ``shared``."""
    monkeypatch.syspath_prepend(EXPERIMENT)
    monkeypatch.syspath_prepend(ROOT)
    return importlib.import_module


@pytest.fixture
def news(experiment, shared):
    return experiment("yardstick").read_news(shared / "data" / "news_sample")


def picture(model: AUModel, shapes: np.ndarray, depth: np.ndarray | None = None):
    """Meshes in pixels, y down, whose shapes are the given ones (T, 478, 2)."""
    if depth is None:
        depth = np.broadcast_to(model.average[:, 2], shapes.shape[:2])
    points = np.concatenate([shapes, depth[..., None]], axis=-1)
    return points * [1, -1, -1] * 110.0 + [320, 240, 0]


def rotation(axis: int, angle: float) -> np.ndarray:
    i, j = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[[i, i, j, j], [i, j, i, j]] = (
        np.cos(angle),
        -np.sin(angle),
        np.sin(angle),
        np.cos(angle),
    )
    return matrix


@pytest.fixture
def faces(model) -> np.ndarray:
    """Twelve frames of one made-up person, each somewhat different."""
    noise = np.random.default_rng(0).normal(0, 0.02, (12, 478, 2))
    return picture(model, model.average[:, :2] + noise)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_moving_scaling_and_turning_a_head_changes_nothing(model, faces, axis):
    neutral = model.neutral(faces)
    expected = model.aus(faces, neutral, all_aus=True)
    centre = faces.mean(axis=(0, 1))
    moved = 0.37 * (faces - centre) @ rotation(axis, 0.4).T + [50, -90, 12]
    np.testing.assert_allclose(
        model.aus(moved, neutral, all_aus=True), expected, atol=1e-9
    )
    again = model.neutral(moved)
    np.testing.assert_allclose(again.points, neutral.points, atol=1e-9)
    np.testing.assert_allclose(again.zero, neutral.zero, atol=1e-9)


def test_the_own_neutral_reads_zero(model, faces):
    neutral = model.neutral(faces)
    still = picture(model, np.repeat(neutral.points[None], 12, axis=0))
    aus = model.aus(still, neutral, True)
    # A mesh is never quite still, and the zero of lips and jaw lies low in that.
    assert aus[:, ~model.has_stop].max() < 1e-2 and aus.max() < 0.1
    assert model.aus(still, model.neutral(still), True).max() < 1e-9


def test_the_average_face_reads_zero_without_a_neutral(model):
    aus = model.aus(picture(model, model.average[None, :, :2]), all_aus=True)
    assert np.abs(aus).max() < 1e-9


def test_a_frame_without_a_face_is_nan_and_disturbs_no_other(model, faces):
    neutral = model.neutral(faces)
    holed = faces.copy()
    holed[3] = np.nan
    aus = model.aus(holed, neutral, all_aus=True)
    assert np.isnan(aus[3]).all()
    others = np.delete(np.arange(len(faces)), 3)
    np.testing.assert_array_equal(
        aus[others], model.aus(faces, neutral, all_aus=True)[others]
    )
    found, expected = model.neutral(holed), model.neutral(faces[others])
    np.testing.assert_array_equal(found.points, expected.points)
    np.testing.assert_array_equal(found.zero, expected.zero)


def test_no_face_at_all_has_no_neutral(model):
    nothing = np.full((4, 478, 3), np.nan)
    assert np.isnan(model.neutral(nothing).points).all()
    assert np.isnan(model.aus(nothing, model.neutral(nothing))).all()


def test_no_frames_give_no_rows(model):
    none = np.zeros((0, 478, 3))
    assert (
        model.aus(none).shape == model.aus(none, model.neutral(none)).shape == (0, 20)
    )


def test_a_batch_equals_its_frames_one_by_one(model, faces):
    neutral = model.neutral(faces)
    single = [model.aus(face[None], neutral, all_aus=True)[0] for face in faces]
    np.testing.assert_allclose(
        model.aus(faces, neutral, all_aus=True), single, atol=1e-9
    )


def test_unseen_aus_are_nan_unless_asked_for(model, faces):
    assert {"AU04", "AU09", "AU17"} <= set(model.unseen)
    assert {"AU01", "AU02", "AU06", "AU12", "AU25", "AU43"} <= set(model.seen)
    assert sorted(model.seen + model.unseen) == sorted(AU_NAMES)
    nan = np.isnan(model.aus(faces, model.neutral(faces))).all(0)
    assert {n for n, is_nan in zip(AU_NAMES, nan, strict=True) if is_nan} == set(
        model.unseen
    )
    assert not np.isnan(model.aus(faces, all_aus=True)).any()


def test_an_opening_mouth_reads_as_lips_apart(model, faces):
    neutral = model.neutral(faces)
    shapes = np.repeat(neutral.points[None], 5, axis=0)
    shapes[:, [87, 14, 317], 1] -= np.linspace(0, 0.1, 5)[:, None]
    lips = model.aus(picture(model, shapes), neutral)[:, AU_NAMES.index("AU25")]
    assert np.all(np.diff(lips) > 0.1)


def test_a_neutral_is_the_quiet_part_of_a_clip_not_its_median(model):
    """Somebody whose mouth is open for most of the time."""
    shapes = np.repeat(model.average[None, :, :2], 60, axis=0)
    shapes[:40, [87, 14, 317], 1] -= 0.1
    neutral = model.neutral(picture(model, shapes))
    np.testing.assert_allclose(neutral.points, model.average[:, :2], atol=5e-3)


def test_the_zero_of_the_jaw_is_where_it_is_shut(model):
    """Somebody whose jaw hangs in the quiet frames, and is shut while she smiles."""
    hanging, smiling = (
        Rig.default().vertices(np.array([[value]]), au_names=[name])[0, :478]
        for name, value in (("AU26", 0.3), ("AU12", 0.8))
    )
    mesh = np.stack([hanging] * 20 + [smiling] * 40) * [1, -1, -1]
    neutral = model.neutral(mesh)
    jaw, smile = AU_NAMES.index("AU26"), AU_NAMES.index("AU12")
    assert neutral.zero[jaw] < -0.1
    assert not neutral.zero[~model.has_stop].any()
    aus = model.aus(mesh, neutral)
    assert aus[0, smile] < 0.05 < 0.5 < aus[-1, smile]
    assert aus[-1, jaw] == pytest.approx(0, abs=1e-9)
    assert aus[0, jaw] == pytest.approx(-neutral.zero[jaw], abs=1e-9)


def test_another_shape_of_mesh_is_refused(model):
    with pytest.raises(ShapeError, match=r"\(T, 478, 3\)"):
        model.aus(np.zeros((478, 3)))
    for neutral in (np.zeros((478, 2)), Neutral(np.zeros((478, 3)))):
        with pytest.raises(ShapeError, match=r"expected a Neutral of \(478, 2\)"):
            model.aus(np.zeros((1, 478, 3)), neutral)


def test_unseen_aus_have_no_scale(model):
    assert set(model.unseen) <= set(model.relative)
    assert {"AU01", "AU12", "AU25", "AU43"}.isdisjoint(model.relative)


@pytest.fixture
def mirror(model) -> np.ndarray:
    """For each point of the mesh, the one on the other side."""
    flipped = model.average * [-1, 1, 1]
    return np.linalg.norm(flipped[:, None] - model.average, axis=-1).argmin(1)


def test_a_mirror_image_has_the_same_aus_on_the_other_side(model, faces, mirror):
    glass = faces[:, mirror] * [-1, 1, 1] + [640, 0, 0]
    neutral, other = model.neutral(faces), model.neutral(glass)
    flipped = neutral.points[mirror] * [-1, 1]
    np.testing.assert_allclose(other.points, flipped, atol=1e-6)
    aus = model.aus(faces, neutral, all_aus=True)
    np.testing.assert_allclose(model.aus(glass, other, True), aus, atol=1e-4)
    sides = model.one_sided(faces, neutral, aus)
    swapped = model.one_sided(glass, other, aus)[..., ::-1]
    np.testing.assert_allclose(swapped, sides, atol=1e-4)


def test_both_sides_average_to_the_whole(model, faces):
    neutral = model.neutral(faces)
    aus = model.aus(faces, neutral, all_aus=True)
    sides = model.one_sided(faces, neutral, aus)
    told = model.is_sided
    np.testing.assert_allclose(sides[:, told].mean(-1), aus[:, told], atol=1e-12)
    assert np.isnan(sides[:, ~told]).all()
    assert np.nanmin(sides) >= 0 and np.nanmax(sides) <= 1


@pytest.mark.parametrize("name", ["AU12", "AU43"])
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_one_side_of_a_rig_reads_as_that_side(model, name, seed):
    """The rig's own geometry, which the model was not trained on."""
    rig = Rig.default()
    if seed is not None:
        rig = rig.with_identity(0.8 * np.random.default_rng(seed).standard_normal(10))
    column = AU_NAMES.index(name)
    rest, *moved = (
        rig.vertices(np.array([[value]]), au_names=[what])[0, :478] * [1, -1, -1]
        for what, value in ((name, 0), (f"{name}_L", 1), (f"{name}_R", 1))
    )
    neutral = Neutral(model.shapes(rest[None])[0])
    aus = model.aus(np.stack(moved), neutral, all_aus=True)
    sides = model.one_sided(np.stack(moved), neutral, aus)[:, column]
    assert aus[:, column].min() > 0.25
    assert sides[0, 0] > sides[0, 1] + 0.2 and sides[1, 1] > sides[1, 0] + 0.2


def test_the_error_to_expect_is_interpolated_and_widened(model):
    k, still = AU_NAMES.index("AU12"), np.zeros((3, 3))
    aus = np.zeros((3, 20))
    aus[:, k] = 0.25, 0.375, 0.5
    variance = model.sd(aus, still, np.ones(3))[:, k] ** 2
    np.testing.assert_allclose(variance[1], (variance[0] + variance[2]) / 2)
    np.testing.assert_allclose(variance[[0, 2]], model.error[0, k, 2:4])
    assert (model.error_pose >= 0).all() and model.error_pose.max() > 0
    turned = np.array([[0, 0, 0], [0, 0, 0.3], [0.3, 0, 0]])
    sd = model.sd(aus[[0, 0, 0]], turned, np.array([1, 1, 0.5]))[:, k]
    growth = np.sqrt(1 + 0.09 * model.error_pose[::-1]) / [1, 0.5]
    np.testing.assert_allclose(sd[1:] / sd[0], growth)
    alone = model.sd(aus, still, np.ones(3), own_neutral=False)
    assert (alone > model.sd(aus, still, np.ones(3))).mean() > 0.5


def test_a_file_of_another_kind_is_refused(tmp_path, model):
    write_npz(tmp_path / "other.npz", {"person": model.person})
    with pytest.raises(WeightError, match="not an AU model"):
        read_au_model(tmp_path / "other.npz")


def test_the_shipped_file_is_small_and_named(model):
    assert shipped_model("au", "au_model.npz").stat().st_size < 2e6
    assert model.name == f"genface mesh {model.version}"
    assert CARD.read_text().startswith(f"# AU model {model.version}:")


@pytest.mark.parity
def test_agrees_with_detectorv2_on_the_news_sample(model, experiment, news):
    result = experiment("yardstick").news_agreement(model, news)
    pooled, within = result.means()
    assert pooled >= 0.56
    assert within >= 0.50
    assert (result.within[model.is_seen] >= 0.3).all()
    assert (result.pooled[model.is_seen] >= 0.3).all()
    assert _row("all 20 clips of the speaker", pooled, within) in CARD.read_text()


@pytest.mark.parity
def test_the_card_has_the_agreement_of_tables_clip_by_clip(model, experiment, news):
    yardstick = experiment("yardstick")
    result = yardstick.clip_agreement(model, news)
    row = _row("each clip alone, as the Detector does", *result.means())
    assert row in CARD.read_text()
    by_clip = [news.mesh[news.clip == clip] for clip in range(news.clip.max() + 1)]
    tables = [model.aus(mesh, model.neutral(mesh), all_aus=True) for mesh in by_clip]
    r = np.corrcoef(np.concatenate(tables)[:, 0], news.aus[:, 0])[0, 1]
    assert result.pooled[AU_NAMES.index("AU01")] == pytest.approx(r)


def _row(what, pooled, within):
    return f"| {what} | {pooled:.3f} | {within:.3f} |"
