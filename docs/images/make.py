"""Make pictures of README and docs/avatar.md from the output folder of `genface demo`.

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
    result(demo)
    animation(demo)


def result(demo: Path) -> None:
    """Three moments of the real and the synthetic avatar."""
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
    save(np.hstack(chosen), "result.png")


def animation(demo: Path) -> None:
    """One moment of what `genface animate` draws of a sampled table."""
    with tempfile.TemporaryDirectory() as folder:
        frames = render_clip(
            demo / "synthetic.csv",
            Path(folder) / "frames",
            format="png",
            model=demo / "model",
            size=(420, 620),
            caption="Sampled, seed 0",
        ).paths[0]
        save(np.asarray(Image.open(frames / "00180.png")), "animate.png")


def save(picture: np.ndarray, name: str) -> None:
    """Write a picture of 256 colours beside this file."""
    out = Path(__file__).with_name(name)
    sheet = Image.fromarray(picture)
    sheet.thumbnail((1400, 1400))
    sheet.quantize(256).save(out, optimize=True)
    print(out, sheet.size, out.stat().st_size)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
