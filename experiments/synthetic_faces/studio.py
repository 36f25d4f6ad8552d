"""One person's pictures: geometry of every frame, light, and what is true of it."""

from dataclasses import dataclass

import numpy as np

from experiments.synthetic_faces import figure, kernels, paint, people, sampling, scene
from experiments.synthetic_faces.canvas import Canvas, hairline
from experiments.synthetic_faces.canvas import make as make_canvas
from experiments.synthetic_faces.folds import Folds
from experiments.synthetic_faces.head import (
    AXIS_Z,
    EYES,
    GUMS,
    LASHES,
    MOUTH,
    SKIN,
    SOCKETS,
    TEETH,
    Head,
    texture_place,
)
from experiments.synthetic_faces.shading import CLOTH, HAIR, PUPIL, shade
from genface.avatar import contact
from genface.avatar.shapes import smooth
from genface.geometry.mesh_points import IRISES
from genface.geometry.pose import rotation_from_euler

SAMPLES = 2  # per pixel, along either side
BLOCK = 8  # frames whose contact is worked out at once
BALL = 0.97  # of ICT's eyeballs: flat lids between few vertices would cut into them
LIDS = ((159, 145), (386, 374))  # right, left
OPEN_DIRECTIONS = 64
SHADOW, SHADOW_SCALE = 192, 5.0  # pixels, and per cm, of what light meets first
SHADOW_SLACK = 0.35  # cm
GRAIN = 64  # pixels by which a person's noise is larger than a picture
RECORDS = ("aus", "shapes", "pose", "gaze", "mesh_true", "lip_gap", "lid_gap")


@dataclass(frozen=True)
class Studio:
    """All that people have in common."""

    head: Head
    canvas: Canvas
    place: np.ndarray  # (V, 2) in the texture; of eyes, cm from the line of sight
    open_: np.ndarray  # (V,) share of the sky seen in the neutral face
    inside: np.ndarray  # vertices behind lips and lids

    @classmethod
    def of(cls, head: Head) -> "Studio":
        place = texture_place(head.neutral)
        for rows, centre in zip(head.eyes, head.mesh.eye_centres, strict=True):
            place[rows] = (head.neutral[rows] - centre)[:, :2]
            behind = head.neutral[rows, 2] < centre[2]
            place[rows[behind]] = 2.0
        hidden = np.isin(head.material, (SKIN, LASHES), invert=True)
        inside = np.unique(head.triangles[hidden])
        return cls(head, make_canvas(head), place, _openness(head), inside)

    def photograph(
        self, seed: tuple[int, ...], frames: int, sampler: str, size: int
    ) -> dict[str, np.ndarray]:
        """``images`` (F, S, S, 3) and RECORDS of one person; ``seed`` decides all."""
        rngs = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(4)]
        person = people.draw(rngs[0])
        setting = scene.draw(size, rngs[1])
        pose = scene.poses(setting, frames, rngs[2])
        camera = sampling.toward_camera(pose, rngs[2])
        acted = sampling.SAMPLERS[sampler](frames, self.head.names, camera, rngs[2])
        faces = self.faces(person, acted)
        records = self.records(faces, acted, pose, setting, size)
        sitting = Sitting(self, person, setting, rngs[3])
        images = [
            sitting.picture(face, weights, turn, size, rngs[3])
            for face, weights, turn in zip(faces, acted.weights, pose, strict=True)
        ]
        return {"images": np.stack(images), **records}

    def faces(self, person: people.Person, acted: sampling.Expressions) -> np.ndarray:
        """Vertices (F, V, 3) before the head's pose, the eyes turned."""
        head = self.head
        modes = person.identity.astype(np.float32)
        rest = kernels.add_shapes(head.neutral, head.identity, modes)
        rest = _touching(rest[None], head.edges)[0]
        weights = acted.weights.astype(np.float32)
        weights = weights * self._closing(rest)
        faces = np.stack(
            [kernels.add_shapes(rest, head.shapes, frame) for frame in weights]
        )
        faces = _touching(faces, head.edges)
        turns = rotation_from_euler(np.insert(acted.gaze, 1, 0, axis=1))
        for rows, ball in zip(head.eyes, head.mesh.eye_centres, strict=True):
            shift = (rest[rows] - head.neutral[rows]).mean(0)
            ball_at_rest = BALL * (head.neutral[rows] - ball)
            for face, turn in zip(faces, turns, strict=True):
                face[rows] = ball_at_rest @ turn.T + ball + shift
        return faces

    def _closing(self, rest):
        """Factors (S,) on the shapes: a blink shuts wide eyes and narrow ones."""
        head = self.head
        factors = np.ones(len(head.names), np.float32)
        points = head.mesh.points(rest.astype(np.float64))
        for side, (upper, lower) in zip(sampling.SIDES, LIDS, strict=True):
            column = head.names.index(f"eyeBlink_{side}")
            way = head.mesh.deltas(head.shapes[column].astype(np.float64))
            closes = way[lower, 1] - way[upper, 1]
            gap = points[upper, 1] - points[lower, 1]
            factors[column] = np.clip((gap - 0.03) / closes, 0.6, 1.6)
        return factors

    def records(self, faces, acted, pose, setting, size) -> dict[str, np.ndarray]:
        mesh = self.mesh(faces, acted.gaze)
        lip_gap = sampling.lip_gaps(mesh[..., 1])
        lid_gap = np.stack([mesh[:, u, 1] - mesh[:, v, 1] for u, v in LIDS], 1)
        aus = sampling.with_open_lips(acted.aus, lip_gap, lip_gap[0])
        turned = _turned(mesh, rotation_from_euler(pose))
        mesh_true = setting.project(turned, size) * (1, 1, -1)
        values = (
            aus, acted.weights, pose, acted.gaze, mesh_true, lip_gap[:, 1], lid_gap
        )  # fmt: skip
        return {
            name: value.astype(np.float32)
            for name, value in zip(RECORDS, values, strict=True)
        }

    def mesh(self, faces: np.ndarray, gaze: np.ndarray) -> np.ndarray:
        """The 478 points (F, 478, 3) of faces before the pose, in cm."""
        mesh = self.head.mesh
        points = np.empty((len(faces), 478, 3))
        points[:, :468] = mesh.points(faces[:, :, :].astype(np.float64))[:, :468]
        turns = rotation_from_euler(np.insert(gaze, 1, 0, axis=1))
        for rows, ring, centre in zip(
            self.head.eyes, IRISES, mesh.eye_centres, strict=True
        ):
            ball = BALL * (self.head.neutral[rows] - centre)
            offset = mesh.irises[np.array(ring) - 468] - centre
            for k, turn in enumerate(turns):
                at = (faces[k, rows] - ball @ turn.T).mean(0)
                points[k, list(ring)] = offset @ turn.T + at
        # Its points lie between the set's vertices, and may cross where those touch.
        return _touching(points)


class Sitting:
    """One person in their scene, painted and lit."""

    def __init__(self, studio: Studio, person, setting, rng) -> None:
        head = studio.head
        self.studio, self.person, self.setting = studio, person, setting
        self.skin = paint.paint(person, studio.canvas, rng)
        self.folds = Folds(person, studio.canvas, head.names, rng)
        self.volume = self._hair_volume(rng)
        extra = [figure.body(person.shoulders, rng.uniform(1, 4))]
        kinds = [CLOTH]
        if person.length:
            extra.append(
                figure.long_hair(
                    person.length, rng.uniform(0.93, 1.05), rng.normal(0, 1),
                    rng.uniform(0, 0.5), rng,
                )
            )  # fmt: skip
            kinds.append(HAIR)
        self.extra = [points for points, _ in extra]
        triangles, material, place, open_ = (
            [head.triangles], [head.material], [studio.place], [studio.open_]
        )  # fmt: skip
        count = len(head.neutral)
        for (points, faces), kind in zip(extra, kinds, strict=True):
            triangles.append(faces + count)
            material.append(np.full(len(faces), kind, np.int8))
            around = 12 * np.arctan2(points[:, 0], -points[:, 2])
            place.append(np.stack([around, points[:, 1]], 1).astype(np.float32))
            open_.append(np.full(len(points), 0.8, np.float32))
            count += len(points)
        self.triangles = np.concatenate(triangles)
        self.material = np.concatenate(material)
        self.place, self.open_ = np.concatenate(place), np.concatenate(open_)
        casts = np.isin(self.material, (SKIN, CLOTH, HAIR))
        self.casting = np.ascontiguousarray(self.triangles[casts])
        self.thick = self.material[casts] == SKIN
        self.one_sided = np.isin(self.material, (SKIN, EYES, TEETH))
        self.plain = self._plain(rng)
        white = people.linear(rng.uniform((200, 186, 176), (232, 224, 220)))
        pupil = PUPIL * rng.uniform(0.7, 1.4)
        self.eye = np.array(
            [*person.iris, *white, rng.uniform(0, 6), pupil], np.float32
        )
        light = setting.lights, setting.colours, setting.ambient
        self.light = [values.astype(np.float32) for values in light]
        self.curve = (
            255
            * _shoulder(np.linspace(0, kernels.BRIGHTEST, 8192))
            ** (setting.gamma / 2.2)
            + 0.5
        ).astype(np.float32)
        turn = np.arctan2(*(head.neutral[:, [0, 2]] - (0, AXIS_Z)).T)
        along = np.zeros((count, 3), np.float32)
        along[: len(turn)] = np.stack([np.cos(turn), 0 * turn, -np.sin(turn)], 1)
        self.along = along
        self.grain = None
        self.exposure = None

    def _hair_volume(self, rng) -> np.ndarray:
        """How far each vertex is moved outward by hair (V, 1), cm."""
        head = self.studio.head
        x, y, z = head.neutral.astype(np.float64).T
        lumps = (
            0.3
            * np.sin(0.9 * x + rng.uniform(0, 6))
            * np.sin(1.1 * y + 0.8 * z + rng.uniform(0, 6))
        )
        above, behind, ears = hairline(head.neutral.astype(np.float64))
        line = self.person.hairline + self.person.tilt * x + self.person.arch * x**2
        beyond = np.maximum(above - line - 0.6, behind) + lumps
        cover = smooth(beyond / 1.2) * ~ears * (not self.person.bald)
        cover[head.skin.stop :] = 0
        return (cover * self.person.volume * (1 + lumps))[:, None].astype(np.float32)

    def _plain(self, rng) -> np.ndarray:
        person = self.person
        plain = np.zeros((9, 3), np.float32)
        plain[MOUTH] = person.lips * 0.5
        plain[SOCKETS] = person.skin * (0.7, 0.45, 0.4)
        plain[GUMS] = people.linear((175, 95, 95))
        plain[TEETH] = people.linear((228, 220, 200)) * rng.uniform(0.6, 0.95)
        plain[LASHES] = person.skin * (1 - person.lashes)
        plain[CLOTH] = person.cloth
        plain[HAIR] = person.hair
        return plain

    def picture(self, face, weights, pose, size: int, rng) -> np.ndarray:
        """One picture (S, S, 3) uint8 of a face (V, 3) before its pose.

        ``weights`` (S,) are those of the shapes, which raise folds.
        """
        setting = self.setting
        rotation = rotation_from_euler(pose)
        triangles = self.studio.head.triangles
        normal = kernels.normals(np.ascontiguousarray(face), triangles)
        moved = face + normal * self.volume
        turned = [_turned(moved, rotation)]
        for kind, points in zip((CLOTH, HAIR), self.extra, strict=False):
            follows = rotation if kind == HAIR else rotation_from_euler(0.15 * pose)
            turned.append(_turned(points, follows))
        points = np.concatenate(turned)
        screen = setting.project(points, size * SAMPLES)
        which, shares, _ = kernels.visible(
            screen, self.triangles, self.one_sided, size * SAMPLES
        )
        turn = rotation.astype(np.float32)
        image, cover = shade(
            which, shares, self.triangles, self.material, self.place,
            kernels.normals(points, self.triangles), self.along @ turn.T, self.open_,
            self._lit(points),
            self.skin, self.folds.raise_(weights), self.plain, self.eye, *self.light,
            -turn[:, 1], SAMPLES,
        )  # fmt: skip
        return self._developed(image, cover, size, rng)

    def _lit(self, points) -> np.ndarray:
        """How far the first light reaches each vertex (V,): who is in its way?"""
        axes = _axes_along(self.setting.lights[0])
        screen = _seen_along(points, axes)
        depth = kernels.visible(screen, self.casting, self.thick, SHADOW)[2]
        lit = kernels.unshadowed(screen, depth, SHADOW_SLACK)
        lit[self.studio.inside] = 1
        return lit

    def _developed(self, image, cover, size, rng) -> np.ndarray:
        """Exposed, with gamma and noise; exposure is that of the first picture."""
        setting = self.setting
        if self.exposure is None:
            middle = np.s_[2 * size // 5 : 3 * size // 5]
            bright = image[middle, middle].mean() / max(
                cover[middle, middle].mean(), 0.1
            )
            goal = 0.36 * (1 - 0.62 * self.person.tone)
            self.exposure = setting.exposure * goal / max(bright, 1e-3)
        if self.grain is None:  # larger than a picture, which is cut from anywhere
            side = size + GRAIN
            self.grain = rng.standard_normal((side, side, 3), np.float32)
            self.grain *= np.float32(setting.noise)
        row, column = rng.integers(0, GRAIN, 2)
        grain = self.grain[row : row + size, column : column + size]
        exposure = np.float32(self.exposure)
        return kernels.develop(
            image, cover, setting.background, exposure, self.curve, grain
        )


def _touching(faces: np.ndarray, edges=None) -> np.ndarray:
    """Faces (F, V, 3) whose lips and lids touch instead of crossing."""
    found = []
    for start in range(0, len(faces), BLOCK):
        block = faces[start : start + BLOCK]
        spare = np.repeat(block[:1], BLOCK - len(block), axis=0)
        moved = contact.part(np.concatenate([block, spare]).astype(np.float32), edges)
        found.append(np.asarray(moved)[: len(block)])
    return np.concatenate(found)


def _shoulder(light):
    """Linear light as film takes it: highlights are compressed, not cut."""
    knee = 0.55
    over = np.maximum(light - knee, 0)
    return np.minimum(light, knee) + (1 - knee) * (1 - np.exp(-over / (1 - knee)))


def _turned(points, rotation):
    """Points (..., V, 3) turned about the head's pivot by (..., 3, 3)."""
    pivot = scene.PIVOT.astype(points.dtype)
    turn = np.swapaxes(rotation, -1, -2).astype(points.dtype)
    return (points - pivot) @ turn + pivot


def _axes_along(direction) -> np.ndarray:
    """Rows (3, 3): across, up and toward who looks from ``direction``."""
    across = np.cross([0.1, 0.9, 0.2], direction)
    across /= np.linalg.norm(across)
    return np.stack([across, np.cross(direction, across), direction])


def _seen_along(points, axes) -> np.ndarray:
    """Columns, rows and nearness (V, 3) of points on a shadow's picture."""
    screen = (points - np.float32((0, -2, 2))) @ axes.T.astype(np.float32)
    screen[:, :2] *= np.float32((SHADOW_SCALE, -SHADOW_SCALE))
    screen[:, :2] += np.float32(SHADOW / 2)
    return screen


def _openness(head: Head) -> np.ndarray:
    """Share (V,) of the light from in front and above that reaches each vertex.

    By looking at the neutral head from many sides: who is in front?
    """
    golden = np.pi * (3 - 5**0.5) * np.arange(OPEN_DIRECTIONS)
    height = 1 - (2 * np.arange(OPEN_DIRECTIONS) + 1) / OPEN_DIRECTIONS
    ring = np.sqrt(1 - height**2)
    sides = np.stack([ring * np.cos(golden), height, ring * np.sin(golden)], 1)
    outside = head.triangles[np.isin(head.material, (SKIN, SOCKETS))]
    normal = kernels.normals(head.neutral, head.triangles)
    seen, total = np.zeros(len(normal)), np.zeros(len(normal))
    for side in sides:
        screen = _seen_along(head.neutral, _axes_along(side))
        two_sided = np.zeros(len(outside), bool)
        depth = kernels.visible(screen, outside, two_sided, SHADOW)[2]
        weight = np.clip(normal @ side, 0, 1)
        seen += weight * kernels.unshadowed(screen, depth, SHADOW_SLACK)
        total += weight
    open_ = seen / np.maximum(total, 1e-6)
    z = head.neutral[:, 2]
    inner = np.isin(np.arange(len(open_)), head.triangles[head.material == TEETH])
    open_[inner] = 0.55 * smooth((z[inner] - 7.5) / 3)
    for kind, deep, front in ((MOUTH, 7.0, 4.0), (GUMS, 8.0, 3.5)):
        rows = np.unique(head.triangles[head.material == kind])
        open_[rows] = 0.05 + 0.6 * smooth((z[rows] - deep) / front)
    rows = np.unique(head.triangles[head.material == EYES])
    open_[rows] = 0.6
    rows = np.unique(head.triangles[head.material == LASHES])
    open_[rows] = 0.8
    return (0.25 + 0.75 * open_).astype(np.float32)
