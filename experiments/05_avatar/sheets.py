"""Contact sheets of the avatar: every Action Unit, the six emotions, views and gaze.

Run: python experiments/05_avatar/sheets.py [--out FOLDER] [--ict FILE]
(seconds on one core). Writes au_sheet.jpg, au_sheet_views.jpg and emotion_sheet.jpg
into docs/images, each below 300 kB; with FILE, ICT-FaceKit's head (no part of the
project), au_sheet_ict.jpg too. What is seen on them is in RESULTS.md.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from PIL import Image, ImageDraw  # noqa: E402

from genface.avatar import AvatarRenderer, Rig  # noqa: E402
from genface.avatar.lettering import fitted, font  # noqa: E402
from genface.facs import UNITS, EmotionSpace, au_number  # noqa: E402

LEVELS = (0.0, 0.5, 1.0)
TURNED = np.deg2rad(30)
TABLE = "investigators_guide"
PAPER, INK = (250, 250, 248), (44, 48, 54)
LARGEST = 300_000  # bytes
# (name, AUs, pose, gaze)
VIEWS = (
    ("rest", {}, (0, 0, 0), (0, 0)),
    ("turned 30° to the right", {}, (0, 0, TURNED), (0, 0)),
    ("turned 30° to the left", {}, (0, 0, -TURNED), (0, 0)),
    ("up, tilted", {}, (0.35, 0.25, 0), (0, 0)),
    ("gaze to the right", {}, (0, 0, 0), (0, 0.5)),
    ("gaze to the left", {}, (0, 0, 0), (0, -0.5)),
    ("gaze up", {}, (0, 0, 0), (0.4, 0)),
    ("gaze down", {}, (0, 0, 0), (-0.4, 0)),
    ("mouth open", {"AU25": 1, "AU26": 1}, (0, 0, 0), (0, 0)),
    ("smile with teeth", {"AU06": 0.8, "AU12": 1, "AU25": 0.8}, (0, 0, 0), (0, 0)),
    ("eyes closed", {"AU43": 1}, (0, 0, 0), (0, 0)),
    ("wink of the left eye", {"AU43_L": 1, "AU12_L": 0.8}, (0, 0, 0), (0, 0)),
)


def cropped(renderer: AvatarRenderer, vertices: np.ndarray) -> Image.Image:
    """The head, without the shoulders."""
    picture = Image.fromarray(renderer.render(vertices))
    width, height = picture.size
    return picture.crop((width // 7, height // 40, width - width // 7, height * 4 // 5))


def named_aus(rig: Rig, faces: list[dict[str, float]]) -> tuple[np.ndarray, list[str]]:
    names = [f"{name}_{side}" for name in rig.au_names for side in "LR"]
    aus = np.zeros((len(faces), len(names)))
    for row, face in enumerate(faces):
        for name, value in face.items():
            for column in (k for k, n in enumerate(names) if n.startswith(name)):
                aus[row, column] = value
    return aus, names


def grid(cells: list[tuple[str, list[Image.Image]]], columns: int) -> Image.Image:
    """Groups of pictures with a title each, so many groups beside each other."""
    width, height = cells[0][1][0].size
    wide, tall = width * len(cells[0][1]) + 6, height + 18
    rows = -(-len(cells) // columns)
    sheet = Image.new("RGB", (columns * wide - 6, rows * tall), PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, (title, pictures) in enumerate(cells):
        left, top = number % columns * wide, number // columns * tall
        text, size = fitted(title, wide - 10, 12, 9)
        draw.text((left + 3, top + 9), text, INK, font(size), anchor="lm")
        for place, picture in enumerate(pictures):
            sheet.paste(picture, (left + place * width, top + 18))
    return sheet


def au_sheet(rig: Rig, size: int, columns: int) -> Image.Image:
    renderer = AvatarRenderer(rig, (size, size))
    cells = []
    for name in sorted(rig.au_names):
        faces = rig.vertices(np.array(LEVELS)[:, None], au_names=[name])
        unit = UNITS.get(au_number(name))
        title = f"{name} {unit.name if unit else ''}"
        cells.append((title, [cropped(renderer, face) for face in faces]))
    return grid(cells, columns)


def views_sheet(rig: Rig, size: int) -> Image.Image:
    renderer = AvatarRenderer(rig, (size, size))
    aus, names = named_aus(rig, [face for _, face, _, _ in VIEWS])
    pose, gaze = (np.array([view[k] for view in VIEWS], float) for k in (2, 3))
    faces = rig.vertices(aus, pose, gaze, names)
    cells = [
        (view[0], [cropped(renderer, face)])
        for view, face in zip(VIEWS, faces, strict=True)
    ]
    return grid(cells, 4)


def emotion_sheet(rig: Rig, size: int) -> Image.Image:
    """Each emotion's first prototype at .5 and .85 of its intensity, then turned."""
    renderer = AvatarRenderer(rig, (size, size))
    space = EmotionSpace.from_table(TABLE, rig.au_names)
    cells = []
    for emotion, face in zip(space.emotions, space.faces(), strict=True):
        aus = np.array([0.5, 0.85, 0.85])[:, None] * face
        pose = np.array([[0, 0, 0], [0, 0, 0], [0, 0, TURNED]])
        faces = rig.vertices(aus, pose, au_names=list(space.au_names))
        shown = sorted(au_number(space.au_names[k]) for k in np.flatnonzero(face))
        pictures = [cropped(renderer, vertices) for vertices in faces]
        cells.append((f"{emotion}: {'+'.join(map(str, shown))}", pictures))
    return grid(cells, 2)


def save(sheet: Image.Image, path: Path) -> None:
    quality = 90
    while quality > 50:
        sheet.save(path, quality=quality, optimize=True)
        if path.stat().st_size < LARGEST:
            break
        quality -= 5
    print(f"{path.name}: {sheet.size}, {path.stat().st_size} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--ict", type=Path)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    rig = Rig.default()
    save(au_sheet(rig, 170, 4), options.out / "au_sheet.jpg")
    save(views_sheet(rig, 340), options.out / "au_sheet_views.jpg")
    save(emotion_sheet(rig, 300), options.out / "emotion_sheet.jpg")
    if options.ict is not None:
        ict = Rig.from_ict(options.ict)
        save(au_sheet(ict, 170, 4), options.out / "au_sheet_ict.jpg")


if __name__ == "__main__":
    main()
