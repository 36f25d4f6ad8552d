"""A full analysis of twenty clips: good news against bad news, from tables to figures.

    python docs/tutorials/full_analysis.py out/tutorial [FOLDER]

FOLDER holds the tables 001.csv ... 020.csv and clip_attrs.csv of py-feat's tutorial
(docs/data/news_sample of github.com/cosanlab/py-feat; clips of Watson & Johnston 2020).
Figures go into the first folder.
"""

# %% Where the data are
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import genface
from genface import stats

out = Path(sys.argv[1] if len(sys.argv) > 1 else "out/tutorial") / "full_analysis"
beside = Path(__file__).parents[3] / "shared" / "data" / "news_sample"
data = Path(sys.argv[2]) if len(sys.argv) > 2 else beside
if not data.is_dir():
    print(f"full_analysis: no tables in {data}; name their folder to run this page.")
    raise SystemExit
out.mkdir(parents=True, exist_ok=True)


def save(ax, name):
    ax.figure.savefig(out / name, dpi=150)


# %% One table of all clips. These were written by py-feat 2.0, whose Pitch and gaze
# point the other way; saying so turns them round.
fex = pd.concat(
    genface.read_feat(path, pyfeat_version="2.0")
    for path in sorted(data.glob("0*.csv"))
)
print(f"{fex.inputs.nunique()} clips, {len(fex)} frames, {fex.shape[1]} columns")

attrs = pd.read_csv(data / "clip_attrs.csv", dtype={"clipN": str})
words = attrs["class"].map({"gn": "goodNews", "ists": "badNews"})
condition = dict(zip(attrs["clipN"].str.zfill(3) + ".mp4", words, strict=True))
condition = {clip: condition[clip] for clip in fex.inputs.unique()}

# %% Sessions say which rows belong together; extract_* makes one row of each.
by_clip = fex.update_sessions(fex["input"])
clips = by_clip.extract_mean()
print(f"means: {clips.shape[0]} rows, {clips.aus.shape[1]} of them AUs")

# %% AUs by condition. Error bars are between clips: frames of one clip are alike.
clips = clips.update_sessions(condition)
save(stats.draw_au_bars(clips), "aus.png")
save(stats.draw_au_bars(clips, aus=["AU06", "AU12", "AU25"]), "smile.png")

# %% Which AUs differ? One regression per AU, p corrected for their number.
coded = clips.update_sessions({"goodNews": 1.0, "badNews": -1.0})
found = coded.regress(X="sessions", y="aus", correct="holm")
p = found.p.loc["sessions"]
names = ", ".join(name.removeprefix("mean_") for name in p.index[p <= 0.01])
print(f"good against bad news, p at most .01 (Holm): {names}")
save(stats.draw_betas(found, alpha=0.01), "betas.png")

# The same with errors that allow for unequal variances.
robust = coded.regress(X="sessions", y="aus", mode="robust", correct="holm")
print(f"with robust errors: {int((robust.p.loc['sessions'] <= 0.01).sum())} AUs")

# %% Can the condition be told from features? Judged on clips that were left out.
results = {}
for features in ("emotions", "aus", "poses", "emotions,poses", "aus,poses"):
    results[features] = clips.decode(
        X=features, y="sessions", cv_kwargs={"cv": 10}, permutations=50
    )
    scores = 100 * results[features].scores
    print(
        f"{features}: {scores.mean():.3g}% +/- {scores.std():.3g}%, "
        f"p = {results[features].p:.2g}"
    )
save(stats.draw_decoding(results), "decoding.png")
wrong = results["poses"].predictions.query("true != predicted")
print("mistaken by pose:", ", ".join(clips.index[wrong["row"]]))

# %% What the AU decoder goes by, on a face. Weights of correlated features mislead;
# the pattern, their covariance with the decision, is what can be looked at
# (Haufe et al. 2014, NeuroImage 87:96).
from genface.avatar import AvatarRenderer, Rig  # noqa: E402

decision = results["aus"].model.decision_function(clips.aus)
pattern = pd.Series(
    {
        name.removeprefix("mean_"): np.cov(clips.aus[name], decision)[0, 1]
        for name in clips.aus
    }
)
pattern /= pattern.abs().max()
rig = Rig.default()
renderer = AvatarRenderer(rig, size=(256, 256))
both = pd.DataFrame({"goodNews": pattern, "badNews": -pattern}).clip(lower=0)
faces = rig.vertices(both.to_numpy().T, au_names=tuple(both.index))
pictures = np.hstack([renderer.render(face) for face in faces])
from PIL import Image  # noqa: E402

Image.fromarray(pictures).save(out / "decoder.png")

# %% Do clips run alike over time? Every pair; like clips stand together.
matrix = fex.isc(col="Happy", method="pearson")
pairs = matrix.to_numpy()[np.triu_indices(len(matrix), 1)]
print(f"Happy: correlations of {pairs.min():.2f} to {pairs.max():.2f}")
save(stats.draw_isc(matrix, condition), "isc.png")

# %% Is their mean more than chance? Tested are the moments that all clips have: few.
# The bootstrap asks about other clips, the surrogates about the timing in these.
courses = stats.time_courses(fex, "Happy")
with warnings.catch_warnings(record=True) as noted:
    warnings.simplefilter("always")
    for null in ("bootstrap", "circular", "iaaft"):
        test = stats.isc_test(courses, null)
        print(
            f"{null}: mean {test.value:.3f} [{test.low:.3f}, {test.high:.3f}], "
            f"p = {test.p:.3g}"
        )
for note in dict.fromkeys(str(warning.message) for warning in noted):
    print(f"note: {note}")
print(out)
