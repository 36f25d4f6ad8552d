"""AU model: what it must not react to, what it must find, how far it agrees."""

import importlib
from pathlib import Path

import numpy as np
import pytest

from genface.errors import ShapeError
from genface.facs import AU_NAMES
from genface.nets.au_model import AUModel, load_au_model

EXPERIMENT = Path(__file__).parents[2] / "experiments" / "02_au_model"


@pytest.fixture(scope="module")
def model() -> AUModel:
    return load_au_model()


@pytest.fixture
def experiment(monkeypatch, shared):
    """Modules of the experiment by name; they need the sets in ``shared``."""
    monkeypatch.syspath_prepend(EXPERIMENT)
    monkeypatch.syspath_prepend(EXPERIMENT.parents[1])
    return importlib.import_module


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
    np.testing.assert_allclose(model.neutral(moved), neutral, atol=1e-9)


def test_the_own_neutral_reads_zero(model, faces):
    neutral = model.neutral(faces)
    assert np.abs(model.aus(picture(model, neutral[None]), neutral, True)).max() < 1e-2


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
    expected = model.neutral(faces[others])
    np.testing.assert_array_equal(model.neutral(holed), expected)


def test_no_face_at_all_has_no_neutral(model):
    nothing = np.full((4, 478, 3), np.nan)
    assert np.isnan(model.neutral(nothing)).all()
    assert np.isnan(model.aus(nothing, model.neutral(nothing))).all()


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
    shapes = np.repeat(neutral[None], 5, axis=0)
    shapes[:, [87, 14, 317], 1] -= np.linspace(0, 0.2, 5)[:, None]
    lips = model.aus(picture(model, shapes), neutral)[:, AU_NAMES.index("AU25")]
    assert np.all(np.diff(lips) > 0.1)


def test_a_neutral_is_the_quiet_part_of_a_clip_not_its_median(model):
    """Somebody whose mouth is open for most of the time."""
    shapes = np.repeat(model.average[None, :, :2], 60, axis=0)
    shapes[:40, [87, 14, 317], 1] -= 0.1
    neutral = model.neutral(picture(model, shapes))
    np.testing.assert_allclose(neutral, model.average[:, :2], atol=5e-3)


def test_another_shape_of_mesh_is_refused(model):
    with pytest.raises(ShapeError, match=r"\(T, 478, 3\)"):
        model.aus(np.zeros((478, 3)))
    with pytest.raises(ShapeError, match="neutral"):
        model.aus(np.zeros((1, 478, 3)), np.zeros((478, 3)))


@pytest.mark.parity
def test_agrees_with_detectorv2_on_the_news_sample(model, experiment, shared):
    yardstick = experiment("yardstick")
    news = yardstick.read_news(shared / "data" / "news_sample")
    result = yardstick.news_agreement(model, news)
    pooled, within = result.means()
    assert pooled >= 0.51
    assert within >= 0.45
    assert (result.within[model.is_seen] > 0.28).all()
    assert (result.pooled[model.is_seen] > 0.28).all()


@pytest.mark.parity
def test_the_card_has_the_agreement_with_either_neutral(model, experiment, shared):
    yardstick = experiment("yardstick")
    news = yardstick.read_news(shared / "data" / "news_sample")
    card = (EXPERIMENT.parents[1] / "models" / "au" / "card.md").read_text()
    for what, agreement in (
        ("all 20 clips of the speaker", yardstick.news_agreement),
        ("each clip alone, as the Detector does", yardstick.clip_agreement),
    ):
        pooled, within = agreement(model, news).means()
        assert f"| {what} | {pooled:.3f} | {within:.3f} |" in card


@pytest.mark.parity
def test_the_agreement_per_clip_is_that_of_its_tables(model, experiment, shared):
    yardstick = experiment("yardstick")
    news = yardstick.read_news(shared / "data" / "news_sample")
    by_clip = [news.mesh[news.clip == clip] for clip in range(news.clip.max() + 1)]
    tables = [model.aus(mesh, model.neutral(mesh), all_aus=True) for mesh in by_clip]
    r = np.corrcoef(np.concatenate(tables)[:, 0], news.aus[:, 0])[0, 1]
    found = yardstick.clip_agreement(model, news).pooled
    assert found[AU_NAMES.index("AU01")] == pytest.approx(r)


@pytest.mark.parity
def test_finds_the_aus_put_into_new_synthetic_people(model, experiment, shared):
    sampler, fitting = experiment("sampler"), experiment("fitting")
    ict = experiment("experiments.ict")
    face_set = ict.load_ict(shared / "data" / "ict_facekit.npz")
    kit = sampler.Kit.of(face_set, ict.register(face_set))
    faces = sampler.sample_faces(kit, 600, np.random.default_rng(99))
    frame = fitting.Frame.of(kit)
    deltas = frame.shapes(faces.points) - frame.shapes(faces.rest)
    found = np.clip(deltas @ model.person, 0, 1)
    r = experiment("yardstick").correlation(found, faces.aus)
    assert r.mean() > 0.7
    for name in ("AU01", "AU02", "AU06", "AU12", "AU25", "AU26"):
        assert r[AU_NAMES.index(name)] > 0.8, name
