"""Draw a face from Action Units, and let it move.

    python docs/tutorials/animate_a_face.py out/tutorial

Needs no weights and no data. Figures, clips and a page go into `animate_a_face` in the
folder. In a notebook, an animation or a figure of plotly at the end of a cell shows
itself.
"""

# %% Where the results go
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from genface import avatar
from genface.facs import AU_NAMES

folder = sys.argv[1] if len(sys.argv) > 1 else "out/tutorial"
out = Path(folder) / "animate_a_face"
out.mkdir(parents=True, exist_ok=True)

# %% A face is 20 numbers from 0 to 1 in the order of AU_NAMES, or named AUs (one side
# of them, if you like), or the name of an emotion. The subject's left is on the right.
figure = Figure(figsize=(12, 4), layout="constrained")
axes = figure.subplots(1, 4)
vector = np.zeros(20)
vector[AU_NAMES.index("AU12")] = 0.5
avatar.plot_face(vector, ax=axes[0], title="half a smile")
avatar.plot_face(
    {"AU12_L": 1, "AU02_R": 1}, ax=axes[1], title="one-sided", muscles=True
)
avatar.plot_face("Anger", ax=axes[2], title="anger", muscles=True, cmap="Reds")
avatar.plot_face(gaze=(0.2, 0.4), ax=axes[3], title="up, to the subject's right")
figure.savefig(out / "faces.png")

# %% Arrows from one face to another
ax = avatar.plot_face("Surprise", vectorfield={"reference": avatar.predict_landmarks()})
ax.figure.savefig(out / "arrows.png")

# %% Weights of a model are no intensities; feature_range spreads them over 0 to 1.
weights = np.random.default_rng(0).normal(size=20)
ax = avatar.plot_face(weights, feature_range=(0, 1), muscles={"all": "heatmap"})
ax.figure.savefig(out / "weights.png")

# %% The mesh in three dimensions, and the regions in which AUs act
figure = Figure(figsize=(12, 4), layout="constrained")
for place, mode in enumerate(("contours", "tesselation", "shaded"), start=1):
    ax = figure.add_subplot(1, 4, place, projection="3d")
    avatar.plot_face_mesh(emotion="Happy", mode=mode, ax=ax, title=mode)
ax = figure.add_subplot(1, 4, 4)
avatar.plot_face_regions("Happy", ax=ax, title="regions")
figure.savefig(out / "mesh.png")

# %% From one face to another and back
clip = avatar.animate_face(
    start="neutral", end="Happy", save=out / "smile.gif", muscles=True
)
print(f"smile.gif: {len(clip)} frames, {clip.duration:.2f} s")

# %% A series in time, such as a table of `genface detect` or samples of a model: the
# clip lasts as long as the data, whatever its frame rate.
table = pd.DataFrame({"time": np.arange(30) / 7.5})  # 4 seconds
table["AU12"] = 0.5 - 0.5 * np.cos(2 * np.pi * table["time"] / 4)
table["AU25"] = 0.4 * table["AU12"]
table["AU43"] = (table["time"] % 2).between(0.9, 1.1).astype(float)  # blinks
clip = avatar.animate_face(aus=table, fps=24, save=out / "series.gif")
print(f"series.gif: {len(clip)} frames, {clip.duration:.2f} s")

# %% The same with celluloid in axes of one's own: pip install 'genface[celluloid]'
figure = Figure(figsize=(4, 5))
animation = avatar.animate_au(figure, figure.subplots(), table, fps=5)
(out / "celluloid.html").write_text(animation.to_jshtml(), encoding="utf-8")

# %% A mesh that turns under the mouse: pip install 'genface[plotly]'
moving = avatar.animate_face_mesh_plotly("neutral", "Surprise", mode="shaded")
moving.write_html(out / "mesh.html", auto_play=False)
print(f"48 frames of a mesh: {len(moving.to_json()) / 1e6:.1f} MB")

# %% In py-feat a muscle's heat is relative to the other AUs of the face. Here it is
# the intensity itself, so that faces compare.
figure = Figure(figsize=(9, 4), layout="constrained")
for ax, strength in zip(figure.subplots(1, 3), (0.2, 0.5, 1.0), strict=True):
    face = {
        name: strength * value for name, value in avatar.emotion_face("Sad").items()
    }
    avatar.plot_face(face, ax=ax, muscles=True, title=f"{strength:g}")
figure.savefig(out / "strength.png")
print(out)
