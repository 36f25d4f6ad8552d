"""Several people in one clip, from a table of OpenFace: who, where, when, together.

    python docs/tutorials/youtube_multi_face.py out/tutorial [TABLE]

TABLE is what OpenFace's FaceLandmarkVidMulti writes. A table of one person, as the one
that is taken by default, is made one of three first, so that the answers are known.
Figures go into the folder.
"""

# %% Where the table is
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import genface
from genface import stats

out = Path(sys.argv[1] if len(sys.argv) > 1 else "out/tutorial") / "multi_face"
beside = Path(__file__).parents[3] / "shared" / "data" / "tables" / "OpenFace_Test.csv"
path = Path(sys.argv[2]) if len(sys.argv) > 2 else beside
if not path.is_file():
    print(f"youtube_multi_face: no table {path}; name one to run this page.")
    raise SystemExit
out.mkdir(parents=True, exist_ok=True)


def save(ax, name):
    ax.figure.savefig(out / name, dpi=150)


# %% The table as OpenFace wrote it; blanks in front of names are taken off. This one
# is of pictures, counted as a thousand a second; they are 30.
fex = genface.read_openface(path)
print(f"{len(fex)} rows, {fex.shape[1]} columns, scale of AUs: {fex.attrs['au_scale']}")


# %% One person becomes three: the second follows the first after 5 frames, the third
# moves at other times, and a fourth face is a mistake that lasts ten frames.
def another(face_id, right, delay, look, confidence):
    """The person elsewhere in the picture, later, looking another way."""
    rng = np.random.default_rng(face_id)
    face = fex.assign(face_id=face_id, timestamp=(fex["frame"] - 1) / 30)
    aus = list(face.aus)
    face[aus] = np.roll(face[aus].to_numpy(), delay, axis=0)
    face[list(face.landmarks_x)] += right + rng.normal(0, 3, (len(face), 1))
    for eye in "01":
        face[f"gaze_{eye}_x"] += look + rng.normal(0, 0.04, len(face))
    return face.assign(
        confidence=np.clip(confidence + rng.normal(0, 0.02, len(face)), 0, 1)
    )


if "face_id" not in fex:
    people = [
        another(0, 0, 0, 0.25, 0.95),
        another(1, 300, 5, 0.0, 0.95),
        another(2, 600, 40, -0.25, 0.95).query("frame <= 45 or frame > 60"),
        another(3, 800, 0, 0.1, 0.3).query("20 < frame <= 30"),
    ]
    fex = pd.concat(people, ignore_index=True)

# %% How many faces, and how sure is OpenFace of each?
sure = fex.groupby("face_id")["confidence"].agg(["size", "mean"])
print(sure.round(2).to_string())

# %% Where they are; without rows of little confidence the mistake is gone.
good = stats.quality_filter(fex, 0.8, column="confidence", drop=True)
figure = Figure(figsize=(12, 4), layout="constrained")
for ax, table, title in zip(
    figure.subplots(1, 2),
    (fex, good),
    ("all faces", "confidence at least .8"),
    strict=True,
):
    stats.draw_face_locations(table, size=(1280, 720), ax=ax)
    ax.set_title(title, loc="left", size=9)
figure.savefig(out / "locations.png", dpi=150)

# %% Does the result hang on the threshold? The number of rows and the mean of AU04.
curve = stats.quality_curve(
    fex,
    lambda table: table["AU04_r"].mean(),
    minima=[0, 0.2, 0.8, 0.9],
    column="confidence",
)
print(curve.round(3).to_string())

# %% AUs over time, a line per face; where a face is lost the line is open.
moving = [name for name in good.aus if name.endswith("_r") and good[name].max() > 0.3]
figure = Figure(figsize=(10, 1.7 * len(moving)), layout="constrained")
axes = figure.subplots(len(moving), 1, sharex=True)
for name, ax in zip(moving, axes, strict=True):
    stats.draw_au_series(good, name, ax=ax)
    if ax is not axes[0]:
        ax.get_legend().remove()
    ax.label_outer()
figure.savefig(out / "aus.png", dpi=150)

# %% Who frowns when the others do?
save(stats.draw_au_correlation(good, "AU04_r"), "correlation.png")
courses = stats.time_courses(good, "AU04_r", columns="face_id", max_gap=20)
lags = stats.isc_lags(courses, 10)
for (a, b), lag in lags.idxmax().items():
    print(f"faces {a} and {b}: r = {lags[a, b].max():.2f} at {lag:+g} frames")

# %% Where they look, as seen in the picture
save(stats.draw_gaze(good), "gaze.png")
print(out)
