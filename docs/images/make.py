"""Make the pictures of the README from the output folder of `genface demo`.

    python docs/images/make.py out/demo

The source panel is left out: the clip's pictures are not ours to pass on.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from genface.pipelines import render_clip
from genface.video import read_frames

MOMENTS = (1.5, 7.0, 18.5)  # seconds


def main(demo: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        clip = render_clip(
            demo / "faces.csv",
            Path(folder) / "avatars.mp4",
            synthetic=demo / "synthetic.csv",
            gif=False,
        ).paths[0]
        with read_frames(clip) as frames:
            pictures = {frame.time: frame.rgb for frame in frames}
    chosen = [
        pictures[min(pictures, key=lambda t: abs(t - moment))] for moment in MOMENTS
    ]
    out = Path(__file__).with_name("result.png")
    sheet = Image.fromarray(np.hstack(chosen))
    sheet.thumbnail((1400, 1400))
    sheet.quantize(256).save(out, optimize=True)
    print(out, sheet.size, out.stat().st_size)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
