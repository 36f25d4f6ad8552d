"""The mesh in matplotlib and plotly: what is drawn, from where, and how large."""

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d import proj3d
from mpl_toolkits.mplot3d.art3d import Line3DCollection, Poly3DCollection

from genface.avatar import (
    animate_face_mesh_plotly,
    plot_face_mesh,
    plot_face_mesh_plotly,
)
from genface.avatar.inputs import activations
from genface.avatar.lineface import face_vertices
from genface.avatar.mesh_faces import mesh_edges, mesh_of, skin_triangles
from genface.avatar.mesh_plots import shades
from genface.avatar.trails import trails, with_breaks
from genface.errors import InputError
from genface.geometry import mesh_points

NOSE, CORNER, EAR = 4, 61, 234


def segments(ax):
    """Ends (E, 2, 3) of the lines that are drawn."""
    (lines,) = [c for c in ax.collections if type(c) is Line3DCollection]
    return np.array(lines._segments3d)


def on_screen(ax, points):
    """Places (N, 3) after the camera: right, up, and what lies behind is larger."""
    ax.figure.canvas.draw()
    x, y, z = np.asarray(points).T
    return np.stack(proj3d.proj_transform(x, -z, y, ax.get_proj()), axis=1)


def test_the_nose_points_at_the_viewer():
    ax = plot_face_mesh()
    mesh = mesh_of()
    right, up, behind = on_screen(ax, mesh[[NOSE, EAR, 10, 152, 454]]).T
    assert behind[0] < behind[1]
    assert right[1] < right[0] < right[4]  # the subject's right ear is on the left
    assert up[2] > up[0] > up[3]


def test_edges_are_those_of_the_mesh():
    for mode, count in (("contours", 124), ("tesselation", 1322)):
        found = segments(plot_face_mesh("AU12", mode=mode))
        mesh = mesh_of("AU12")
        assert found.shape == (count, 2, 3)
        wanted = mesh[mesh_edges(mode)]
        drawn = np.stack([found[..., 0], found[..., 2], -found[..., 1]], axis=-1)
        np.testing.assert_allclose(drawn, wanted)


@pytest.mark.parity
def test_the_tesselation_is_mediapipes_but_for_diagonals(shared):
    tables = json.loads((shared / "reference" / "index_tables.json").read_text())
    wanted = {tuple(sorted(e)) for e in tables["connections"]["tesselation"]}
    found = {tuple(e) for e in mesh_edges("tesselation").tolist()}
    # Its list of lines and its list of triangles cut 209 quadrangles differently.
    assert len(found) == len(wanted) == 1322
    assert len(found - wanted) == 209


def test_eyes_and_mouth_are_open():
    triangles = skin_triangles()
    assert triangles.shape == (852, 3)
    lids = {*mesh_points.RIGHT_EYE}
    assert not any(set(one) <= lids for one in triangles.tolist())


def test_the_shaded_face_is_lit_from_above():
    (skin, *_) = plot_face_mesh(mode="shaded").collections
    assert isinstance(skin, Poly3DCollection)
    assert len(skin.get_facecolor()) == 852
    tilted = np.array([[0, 0, 0], [1, 0, 0], [0, 1, -1.0]])  # faces up and forward
    hung = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 1.0]])  # faces down and forward
    corner = np.array([[0, 1, 2]])
    assert shades(tilted, corner) > shades(hung, corner)


def test_one_face_said_in_four_ways():
    smile = mesh_of("AU06+AU12")
    np.testing.assert_array_equal(mesh_of(mesh=smile), smile)
    np.testing.assert_array_equal(mesh_of(emotion="Happy"), mesh_of("Happy"))
    jaw = mesh_of(blendshapes=pd.Series({"jawOpen": 1.0, "_neutral": 0.3}))
    assert jaw[152, 1] < mesh_of()[152, 1] - 1
    both = mesh_of(emotion={"Happy": 0.5, "Surprise": 0.5})
    assert both[CORNER, 1] > mesh_of()[CORNER, 1]


def test_the_gaze_arrow_goes_where_the_eyes_look():
    ax = plot_face_mesh(gaze=(0.3, 0.4))  # up, to the subject's right
    arrow = ax.collections[-1]
    tip, tail = np.array(arrow._segments3d)[0]
    right, away, up = tip - tail
    assert right < -0.5 and away < -0.5 and up > 0.5
    np.testing.assert_allclose(np.degrees(np.arcsin(up / 5.066)), 17.2, atol=1)
    irises = mesh_of(gaze=(0, 0.4))[[468, 473], 0] - mesh_of()[[468, 473], 0]
    assert (irises < -0.2).all()


def test_a_drawing_of_every_mode_is_saved(tmp_path):
    for mode in ("contours", "tesselation", "shaded"):
        figure = Figure(figsize=(3, 3))
        ax = figure.add_subplot(projection="3d")
        assert plot_face_mesh("Happy", ax, mode=mode, title="face") is ax
        figure.savefig(tmp_path / f"{mode}.png")
    shares = []
    for mode in ("contours", "tesselation", "shaded"):
        picture = matplotlib.image.imread(tmp_path / f"{mode}.png")[..., :3]
        shares.append((picture.mean(axis=2) < 0.95).mean())
    assert 0.01 < shares[0] < shares[1] < shares[2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "wire"}, "expected contours, tesselation, shaded"),
        ({"au": "AU12", "emotion": "Happy"}, "one of au, emotion"),
        ({"au": np.full(20, 2.0)}, "AU01 is 2"),
        ({"emotion": "Bored"}, "is no emotion and no AU; emotions are Neutral"),
        ({"emotion": {"Happy": 3}}, "Happy is 3"),
        ({"mesh": np.zeros((68, 3))}, r"expected \(478, 3\)"),
        ({"mesh": np.full((478, 3), np.nan)}, "this face is missing"),
        ({"blendshapes": [0.5]}, "by name"),
        ({"blendshapes": {"smile": 0.5}}, "is a shape of ARKit"),
        ({"gaze": (1, 2, 3)}, "pitch and yaw"),
    ],
)
def test_a_mesh_that_cannot_be_drawn(options, message):
    with pytest.raises(InputError, match=message):
        plot_face_mesh(**options)
    with pytest.raises(InputError, match=message):
        plot_face_mesh_plotly(**options)


def test_flat_axes_are_refused():
    with pytest.raises(InputError, match='projection="3d"'):
        plot_face_mesh(ax=Figure().subplots())


def test_trails_run_along_every_edge_once():
    for edges in (mesh_edges("contours"), mesh_edges("tesselation"), [(0, 1)]):
        lines = trails(edges)
        walked = [
            frozenset(pair)
            for line in lines
            for pair in zip(line, line[1:], strict=False)
        ]
        assert len(walked) == len(set(walked)) == len(edges)
        assert set(walked) == {frozenset(map(int, edge)) for edge in edges}
    assert with_breaks([[1, 2], [3, 4, 3]]).tolist() == [1, 2, -1, 3, 4, 3]


def unpacked(numbers):
    """Numbers of plotly's base 64 form."""
    return np.frombuffer(base64.b64decode(numbers["bdata"]), numbers["dtype"])


def test_plotly_draws_the_same_edges():
    figure = plot_face_mesh_plotly("AU12", mode="tesselation")
    line = json.loads(figure.to_json())["data"][0]
    assert line["type"] == "scatter3d"
    points = np.stack([unpacked(line[name]) for name in "xyz"], axis=1)
    pairs = np.concatenate([points[:-1], points[1:]], axis=1)
    pairs = pairs[~np.isnan(pairs).any(axis=1)]
    wanted = mesh_of("AU12")[mesh_edges("tesselation")].reshape(-1, 6)
    found = {tuple(sorted((tuple(p[:3]), tuple(p[3:])))) for p in pairs.tolist()}
    assert found == {
        tuple(sorted((tuple(p[:3]), tuple(p[3:])))) for p in wanted.tolist()
    }


def test_plotly_looks_from_the_front_at_all_of_the_face():
    layout = plot_face_mesh_plotly("AU27").layout
    camera, scene = layout.scene.camera, layout.scene
    assert (camera.eye.x, camera.eye.y) == (0, 0) and camera.eye.z > 0
    assert camera.up.y == 1
    for axis, values in zip("xyz", mesh_of("AU27").T, strict=True):
        low, high = scene[f"{axis}axis"].range
        assert low < values.min() < values.max() < high


def test_a_moving_mesh_plays_forth_and_back():
    figure = animate_face_mesh_plotly(None, "Happy", num_frames=5, mode="contours")
    assert len(figure.frames) == 5  # what comes again is not stored again
    order = figure.layout.updatemenus[0].buttons[0].args[0]
    assert len(order) == 10 and list(order) == list(order[::-1])
    assert len(set(order)) == 5
    timing = figure.layout.updatemenus[0].buttons[0].args[1]
    assert timing["frame"]["duration"] == pytest.approx(1000 / 15)
    assert len(figure.layout.sliders[0].steps) == 10
    by_name = {frame.name: frame for frame in figure.frames}
    for place, au in ((0, None), (4, "Happy")):
        corner = mesh_of(au)[CORNER, 1].astype(np.float32)
        assert corner in np.asarray(by_name[order[place]].data[0].y, np.float32)


def test_a_series_moves_the_mesh_over_its_time():
    table = pd.DataFrame({"AU12": np.linspace(0, 1, 6), "time": np.arange(6) / 3})
    figure = animate_face_mesh_plotly(aus=table, fps=6, mode="contours")
    assert len(figure.layout.updatemenus[0].buttons[0].args[0]) == 12
    with pytest.raises(InputError, match="not both"):
        animate_face_mesh_plotly(None, "Happy", aus=table)
    with pytest.raises(InputError, match="fps is 0"):
        animate_face_mesh_plotly(None, "Happy", fps=0)


@pytest.mark.parametrize(
    ("mode", "most"), [("contours", 0.2e6), ("tesselation", 0.9e6), ("shaded", 0.4e6)]
)
def test_a_moving_mesh_is_small(mode, most):
    figure = animate_face_mesh_plotly(None, "Happy", mode=mode)
    assert len(figure.layout.updatemenus[0].buttons[0].args[0]) == 48
    assert len(figure.to_json()) < most


def test_without_plotly_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(InputError, match=r"pip install 'genface\[plotly\]'"):
        plot_face_mesh_plotly()


def test_faces_are_of_the_detectors_mesh():
    assert face_vertices(activations("AU12")).shape == (1, 478, 3)


@pytest.mark.browser
@pytest.mark.slow
def test_a_browser_shows_frames_that_differ(tmp_path):
    chromium = shutil.which("chromium") or "/usr/bin/chromium"
    if not Path(chromium).exists():
        pytest.skip("Chromium is not here")
    figure = animate_face_mesh_plotly(
        None, "AU27", mode="shaded", include_reverse=False
    )
    pictures = []
    for name in (0, 23):
        page = tmp_path / f"{name}.html"
        figure.write_html(
            page,
            auto_play=False,
            post_script=f"Plotly.animate('{{plot_id}}', ['{name}'],"
            "{mode: 'immediate', frame: {duration: 0, redraw: true}});",
        )
        shot = tmp_path / f"{name}.png"
        options = "--headless --no-sandbox --use-gl=angle --use-angle=swiftshader"
        options += " --enable-unsafe-swiftshader --virtual-time-budget=5000"
        subprocess.run(
            [chromium, *options.split(), f"--screenshot={shot}", page.as_uri()],
            check=True,
            capture_output=True,
            timeout=120,
        )
        pictures.append(matplotlib.image.imread(shot)[..., :3])
    shares = [
        ((p.mean(axis=2) > 0.1) & (p.mean(axis=2) < 0.9)).mean() for p in pictures
    ]
    assert min(shares) > 0.05
    assert (np.abs(pictures[0] - pictures[1]).max(axis=2) > 0.1).mean() > 0.01
