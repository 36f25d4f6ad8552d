"""From a clip to a moving face, step by step.

    python docs/tutorials/whole_chain.py out/tutorial

Each step prints what it found; tables, figures and clips go into the folder. The first
run pulls the weights (see `genface weights list`).
"""

# %% Where the results go
import sys
from pathlib import Path

from matplotlib.figure import Figure

import genface
from genface import weights

out = Path(sys.argv[1] if len(sys.argv) > 1 else "out/tutorial")
out.mkdir(parents=True, exist_ok=True)
clip = weights.ensure("clip_wolfgang")

# %% Faces. One row per face and frame; a missing face is a row of NaN with a reason.
fex = genface.Detector("facemesh").detect(clip, end=8, progress=False)
print(f"{len(fex)} rows, {fex.shape[1]} columns, {fex.attrs['fps']:.3f} frames/s")
print(fex[["frame", "time", "face_id", "Pitch", "Yaw", "AU12", "AU25", "Happy"]].head())

# %% What this detector cannot see is NaN, and says so.
print("unseen:", ", ".join(fex.attrs["unseen_aus"]))
assert fex[fex.attrs["unseen_aus"]].isna().all().all()

# %% AUs over time, in seconds
figure = Figure(figsize=(8, 3), layout="constrained")
ax = figure.subplots()
for name in ("AU12", "AU25", "AU43"):
    ax.plot(fex["time"], fex[name], label=name)
ax.set(xlabel="time (s)", ylabel="intensity", ylim=(0, 1))
ax.legend()
figure.savefig(out / "aus.png")

# %% The table on disk keeps what it is: scale, rate, hashes.
fex.write(out / "faces.csv", columns="core")
again = genface.read_fex(out / "faces.csv")
assert again.attrs["au_scale"] == "intensity"

# %% A behaviour model. Candidates are judged on blocks of frames they never saw.
from genface.pipelines import fit_behavior  # noqa: E402

fitted = fit_behavior(fex, out / "model", states=range(2, 5), force=True)
print(*fitted.lines, sep="\n")

# %% Samples: a continuation starts from what the face was doing last.
model = fitted.model
history = fex[list(model.columns)].to_numpy()
aus = model.sample(round(4 * model.fps), seed=0, history=history)
print("sampled", aus.shape)

# %% A moving face. Columns go by name; x right, y up, z toward the viewer, centimetres.
from genface.avatar import AvatarRenderer, Rig  # noqa: E402
from genface.video import write_clip  # noqa: E402

rig = Rig.default()
renderer = AvatarRenderer(rig, size=(256, 256))
vertices = rig.vertices(aus, au_names=model.columns)
path = write_clip(
    out / "synthetic.mp4", (renderer.render(v) for v in vertices), model.fps
)
print(path)

# %% How far is it from the real one? Every distance has its real-versus-real floor.
from genface.pipelines import compare_sets, sample_behavior  # noqa: E402

sampled = sample_behavior(
    model, out / "synthetic.csv", seconds=8, continue_from=fex, force=True
)
compared = compare_sets(fex, sampled.table, out / "card", model=model, force=True)
print(*compared.lines, sep="\n")
print(out / "card" / "report.html")
