"""The line face: what is drawn moves the right way, and heat is on the right muscle."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import colormaps
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver

from genface import avatar
from genface.avatar import (
    activations,
    emotion_face,
    plot_face,
    plot_face_regions,
    predict_landmarks,
)
from genface.avatar.face_plots import LineFace
from genface.avatar.irises import PUPIL, iris_outlines
from genface.avatar.lineface import LINES, POINTS, face_vertices
from genface.avatar.muscles import MUSCLES, muscle_heat
from genface.avatar.region_plots import face_regions, strongest
from genface.avatar.rig import Rig
from genface.errors import InputError, ShapeError
from genface.facs import AU_NAMES
from genface.fex import Fex

X, Y = 0, 1
Blues = colormaps["Blues"]
CORNERS, INNER_BROWS, CHIN = (48, 54), (21, 22), 8
UPPER_LIDS, LOWER_LIDS = (37, 38, 43, 44), (41, 40, 47, 46)

# The muscle of each AU after the FACS manual, in py-feat's names; written down here.
MUSCLE_OF = {
    "AU01": "frontalis_inner",
    "AU02": "frontalis",
    "AU04": "cor_sup",
    "AU05": "lev_palp",
    "AU06": "orb_oc",
    "AU07": "pars_palp",
    "AU09": "lev_lab_sup_an",
    "AU10": "lev_lab_sup",
    "AU11": "zyg_min",
    "AU12": "zyg_maj",
    "AU13": "lev_ang_or",
    "AU14": "bucc",
    "AU15": "dep_ang_or",
    "AU16": "dep_lab_inf",
    "AU17": "mentalis",
    "AU18": "incis",
    "AU20": "risorius",
    "AU22": "orb_oris_u",
    "AU23": "orb_oris_l",
    "AU24": "orb_oris_u",
    "AU25": "dep_lab_inf",
    "AU26": "masseter_rel",
    "AU27": "pterygoid",
    "AU28": "orb_oris_l",
    "AU43": "lev_palp_rel",
    "AU45": "lev_palp",
}


def drawn(ax, part):
    """Points (N, 2) of a line in the order in which a face draws its lines."""
    return ax.lines[list(LINES).index(part)].get_xydata()


def moved(au):
    return predict_landmarks(au) - predict_landmarks()


def middle(outlines):
    return outlines[..., :2].mean(axis=1)


def test_every_public_name_is_there():
    for name in avatar.__all__:
        assert callable(getattr(avatar, name)), name
    with pytest.raises(AttributeError, match="plot_body"):
        avatar.plot_body  # noqa: B018


def test_the_points_are_symmetric_in_place():
    points = predict_landmarks()
    mirrored = [*range(16, -1, -1), *range(26, 16, -1), *range(27, 31)]
    mirrored += [*range(35, 30, -1), *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40)]
    mirrored += [*range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), 67, 66, 65]
    assert len(set(POINTS)) == 68
    np.testing.assert_allclose(points[X], -points[X, mirrored], atol=1e-4)
    np.testing.assert_allclose(points[Y], points[Y, mirrored], atol=1e-4)
    assert np.argmin(points[Y]) == CHIN


def test_a_smile_lifts_the_corners_that_are_drawn():
    rest, smile = (drawn(plot_face(au), "upper_lip") for au in (None, "AU12"))
    corners = [0, 6]
    assert (smile[corners, Y] - rest[corners, Y] > 0.5).all()
    assert smile[6, X] - rest[6, X] > 0.3 > -0.3 > smile[0, X] - rest[0, X]


def test_a_frown_lowers_brows_and_a_dropped_jaw_the_chin():
    assert (moved("AU04")[Y, list(INNER_BROWS)] < -0.2).all()
    assert moved("AU26")[Y, CHIN] < -0.5
    gap = predict_landmarks("AU43")
    rest = predict_landmarks()
    opening = [p[Y, list(UPPER_LIDS)] - p[Y, list(LOWER_LIDS)] for p in (gap, rest)]
    assert (opening[0] < 0.2 * opening[1]).all()


def test_one_side_moves_alone():
    left = moved({"AU12_L": 1})
    assert left[Y, 54] > 0.5 and abs(left[Y, 48]) < 0.05  # the picture's right


def test_every_spelling_of_a_face_is_the_same_face():
    vector = np.zeros(20)
    vector[AU_NAMES.index("AU12")] = 0.5
    wanted = predict_landmarks(vector)
    row = pd.Series({"frame": 3, "AU12": 0.5, "AU04": np.nan, "Happy": 0.9})
    openface = pd.Series({"AU12_r": 2.5, "AU12_c": 1}, dtype=float)
    openface.attrs["au_scale"] = "facs"
    for au in ({"AU12": 0.5}, {12: 0.5}, pd.Series(vector, AU_NAMES), row, openface):
        np.testing.assert_array_equal(predict_landmarks(au), wanted)
    assert activations("AU06+AU12") == activations(["AU12", "au6"])
    assert activations("joy") == emotion_face("Happy")
    assert activations("neutral") == activations(None) == {}


@pytest.mark.parametrize("kind", [pd.DataFrame, Fex])
def test_a_row_of_a_table_keeps_its_scale(kind):
    table = kind({"AU12": [0.0, 5.0], "face_id": [0, 0]})
    table.attrs["au_scale"] = "facs"
    assert activations(table.iloc[1]) == activations(table.iloc[[1]]) == {"AU12": 1.0}
    assert activations(table.iloc[[0]][["AU12"]]) == {"AU12": 0.0}


def test_happy_is_a_smile_with_raised_cheeks():
    face = emotion_face("Happy")
    assert face["AU12"] == face["AU06"] == 1
    half = emotion_face({"Happy": 0.5, "Neutral": 0.5})
    assert half["AU12"] == 0.5


def test_weights_are_spread_over_the_range():
    weights = np.linspace(-3.0, 1.0, 20)
    face = activations(weights, feature_range=(0, 1))
    np.testing.assert_allclose(list(face.values()), np.linspace(0, 1, 20), atol=1e-12)
    assert set(activations(np.zeros(20), feature_range=(0, 1)).values()) == {0.0}


@pytest.mark.parametrize("au", sorted(MUSCLE_OF))
def test_heat_is_on_the_muscle_of_each_au(au):
    heat = muscle_heat({au: 0.7})
    assert heat[f"{MUSCLE_OF[au]}_l"] == heat[f"{MUSCLE_OF[au]}_r"] == 0.7
    others = {name[:-2] for name, value in heat.items() if value}
    for other in others - {MUSCLE_OF[au]}:
        assert au in MUSCLES[other].aus
    if au in ("AU11", "AU12", "AU14", "AU15", "AU20"):  # wrong in py-feat
        assert others == {MUSCLE_OF[au]}


def test_every_au_of_the_rig_has_a_muscle():
    assert set(MUSCLE_OF) == set(Rig.default().au_names)


def test_heat_is_absolute_and_one_sided():
    assert muscle_heat({"AU12_L": 0.3})["zyg_maj_l"] == 0.3
    assert muscle_heat({"AU12_L": 0.3})["zyg_maj_r"] == 0
    flat = muscle_heat(dict.fromkeys(AU_NAMES, 0.4))
    assert set(flat.values()) == {0.0, 0.4}


def test_the_heat_that_is_drawn_grows_with_the_au():
    ax = Figure().subplots()
    face = LineFace(ax, muscles={"zyg_maj": "heatmap", "mentalis_l": "red"})
    (left, right), chin = ax.patches[:2], ax.patches[2]
    for value in (0.0, 0.4, 1.0):
        au = {"AU12": value}
        face.show(face_vertices(au)[0], au)
        assert left.get_visible() == right.get_visible() == (value > 0)
        wanted = (*Blues(value)[:3], 0.9)
        assert left.get_facecolor() == right.get_facecolor() == wanted
    assert chin.get_facecolor()[:3] == (1, 0, 0)
    assert len(plot_face(muscles=["zyg_maj_l", "bucc"]).patches) == 3 + 4
    assert left.get_xy()[:, X].mean() > 2 > -2 > right.get_xy()[:, X].mean()


def test_muscle_scaler_is_the_value_of_the_darkest_colour():
    def colour(scaler):
        ax = plot_face(
            {"AU12": 0.25}, muscles={"zyg_maj": "heatmap"}, muscle_scaler=scaler
        )
        return ax.patches[0].get_facecolor()[:3]

    shown = [colour(scaler) for scaler in (None, 0.5, 0.1)]
    assert shown == [Blues(value)[:3] for value in (0.25, 0.5, 1.0)]


def test_muscles_lie_on_their_side_and_within_the_face():
    face = Rig.default().neutral[:478]
    for muscle in MUSCLES.values():
        assert face[list(muscle.outline), X].max() < 0.01


@pytest.mark.parametrize(
    ("gaze", "axis", "sign"),
    [((0.3, 0), Y, 1), ((-0.3, 0), Y, -1), ((0, 0.4), X, -1), ((0, -0.4), X, 1)],
)
def test_gaze_moves_both_pupils_its_way(gaze, axis, sign):
    ax = [plot_face(gaze=g) for g in (None, gaze)]
    pupils = [np.array([p.get_xy().mean(0) for p in a.patches[2:4]]) for a in ax]
    shift = (pupils[1] - pupils[0])[:, axis]
    assert (sign * shift > 0.1).all()


def test_irises_stay_between_the_lids():
    for au, least, most in ((None, 0.5, 1.5), ("AU43", -0.01, 0.05)):
        outlines = iris_outlines(face_vertices(activations(au))[0])
        x, y = outlines[..., X], outlines[..., Y]
        area = np.abs((x * np.roll(y, -1, 1) - y * np.roll(x, -1, 1)).sum(1)) / 2
        assert (area > least).all() and (area < most).all()
    wide = iris_outlines(face_vertices({})[0])
    small = iris_outlines(face_vertices({})[0], PUPIL)
    assert (np.ptp(small[..., X], axis=1) < 0.5 * np.ptp(wide[..., X], axis=1)).all()


def test_irises_turn_with_a_posed_mesh():
    rig = Rig.default()
    rest = np.zeros((1, 1))
    straight, turned = (
        rig.vertices(rest, pose=pose, au_names=["AU12"])[0, :478]
        for pose in (None, np.array([[0.2, 0.3, 0.4]]))
    )
    found = [middle(iris_outlines(m)) - m[[468, 473], :2] for m in (straight, turned)]
    assert np.abs(found).max() < 0.1  # about the centre of the iris, in any pose


def test_arrows_go_from_reference_to_target():
    reference, target = predict_landmarks(), predict_landmarks("AU12")
    ax = plot_face(vectorfield={"reference": reference, "target": target, "color": "b"})
    (arrows,) = [one for one in ax.collections if isinstance(one, Quiver)]
    np.testing.assert_allclose(arrows.get_offsets().T, reference)
    np.testing.assert_allclose([arrows.U, arrows.V], target - reference)
    assert arrows.scale == 1 and arrows.angles == arrows.scale_units == "xy"
    ax = plot_face("AU12", vectorfield={})
    (arrows,) = [one for one in ax.collections if isinstance(one, Quiver)]
    np.testing.assert_allclose([arrows.U, arrows.V], target - reference)


def test_every_expression_fits_into_the_frame():
    ax = plot_face(None)
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    for au in ("AU27", "AU12", "AU02"):
        x, y = predict_landmarks(au)
        assert left < x.min() < x.max() < right
        assert bottom < y.min() < y.max() < top


def test_the_looks_of_a_face():
    own = Figure().subplots()
    ax = plot_face(
        ax=own, color="b", linewidth=2, linestyle="--", border=False, title="face"
    )
    assert ax is own and ax.get_title() == "face"
    assert not any(spine.get_visible() for spine in ax.spines.values())
    line = ax.lines[0]
    assert (line.get_color(), line.get_linewidth(), line.get_linestyle()) == (
        "b",
        2,
        "--",
    )


@pytest.mark.parametrize(
    ("au", "message"),
    [
        ({"AU99": 1}, "no Action Unit 99"),
        ({"AU33": 1}, "the face has no AU33; it has AU01"),
        ({"AU12": 2}, "AU12 is 2; expected intensities from 0 to 1"),
        ({"AU12": -0.5}, "AU12 is -0.5"),
        ({"AU12": np.inf}, "infinite"),
        (np.full(20, np.nan), "every AU is NaN"),
        (np.zeros(17), r"expected 20 numbers .* got shape \(17,\)"),
        (np.zeros((2, 20)), r"got shape \(2, 20\)"),
        ([], r"got shape \(0,\)"),
        ("Bored", "emotions are Neutral"),
        ({"AU12": 1, 12: 0}, "AU12 is given twice"),
        (pd.Series({"frame": 1.0}), "no column says how strong"),
        (pd.Series({"AU12": 1.0, "AU99": 1.0}), "the face has no AU99"),
        (pd.DataFrame({"AU12": [0.0, 1.0]}), "a table of 2 rows; expected one"),
    ],
)
def test_a_face_that_cannot_be_drawn(au, message):
    with pytest.raises(InputError, match=message):
        plot_face(au)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gaze": (1, 1, 1, 1)}, "pitch and yaw in radians"),
        ({"gaze": (20, 40)}, "40 is more than eyes can turn; .* in radians"),
        ({"muscles": {"heart": "red"}}, "no muscle heart; known are frontalis_inner"),
        ({"muscles": ["heart"]}, "no muscle heart"),
        ({"muscles": True, "muscle_scaler": 0}, "muscle_scaler is 0"),
        ({"vectorfield": {"target": np.zeros((68, 2))}}, r"expected target \(2, 68\)"),
        ({"vectorfield": {"to": 1}}, "unknown to"),
        ({"model": "v2"}, "moved by the rig"),
    ],
)
def test_an_option_that_cannot_be_used(options, message):
    with pytest.raises(InputError, match=message):
        plot_face(**options)


def areas(values, kind="au"):
    """Middles (M, 2) and colours of the triangles that are coloured."""
    fill = plot_face_regions(values, kind, mesh=False).collections[0]
    assert isinstance(fill, PolyCollection)
    places = [path.vertices[:3].mean(0) for path in fill.get_paths()]
    return np.array(places).reshape(-1, 2), fill.get_facecolor()


def test_the_region_of_an_au_is_coloured():
    smile, frown = areas({"AU12": 1})[0], areas({"AU04": 1})[0]
    assert smile[:, Y].max() < 3 < frown[:, Y].min()
    left = areas({"AU12_L": 1})[0]
    assert left[:, X].min() > -0.1 and len(left) == len(smile) / 2
    shape = areas({"mouthSmileLeft": 1, "eyeLookUpLeft": 0.5}, "blendshape")[0]
    np.testing.assert_array_equal(shape, left)


def test_where_regions_overlap_the_strongest_shows():
    triangles = np.array([(61, 76, 185)])  # at the corner of the mouth
    assert strongest(triangles, {"AU12": 0.2, "AU25": 0.6}, "au") == [0.6]
    assert not len(areas({"AU12": 0.0})[0])


def test_without_values_every_region_has_a_colour():
    for kind, least in (("au", 12), ("blendshape", 18)):
        _, colours = areas(None, kind)
        assert len(np.unique(colours, axis=0)) >= least
    regions = face_regions("blendshape")
    assert "browDownLeft" in regions and "eyeLookUpLeft" not in regions
    fill = plot_face_regions(region_colors={"AU12": "red"}).collections[0]
    assert {tuple(c) for c in fill.get_facecolor()} == {(1, 0, 0, 1)}


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ({"AU12": 3}, {}, "AU12 is 3"),
        ({"smile": 1}, {"kind": "blendshape"}, "no blendshape smile"),
        ({"jawOpen": 2}, {"kind": "blendshape"}, "jawOpen is 2"),
        ([1.0, 2.0], {"kind": "blendshape"}, "by name"),
        (None, {"kind": "muscle"}, "expected au or blendshape"),
        ("Happy", {"landmarks": np.zeros((68, 2))}, r"expected \(478, 2\)"),
        (None, {"region_colors": {"AU99": "red"}}, "no region AU99"),
    ],
)
def test_regions_that_cannot_be_drawn(values, options, message):
    with pytest.raises(InputError, match=message):
        plot_face_regions(values, **options)


def test_regions_may_lie_on_another_mesh():
    mesh = 2 * Rig.default().neutral[:478]
    fill = plot_face_regions("AU12", landmarks=mesh).collections[0]
    height = [path.vertices[:, Y].mean() for path in fill.get_paths()]
    assert min(height) < 2 * areas({"AU12": 1})[0][:, Y].min() + 0.5
    with pytest.raises(ShapeError):
        plot_face_regions(landmarks=np.zeros(478))
