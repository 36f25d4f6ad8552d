"""Faces followed through scripted clips, without any network."""

import numpy as np

from genface.detect import FACEMESH, MEDIAPIPE, Faces, Mesh, Tracker
from genface.detect.facemesh import regions_of_faces
from genface.geometry.mesh_points import LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS


def made(x, y, width, presence=1.0):
    """A mesh whose box has this centre and width, with its eyes level."""
    points = np.zeros((478, 3), np.float32)
    points[:] = [x, y, 0]
    points[10], points[152] = [x, y - width / 2, 0], [x, y + width / 2, 0]
    points[234], points[454] = [x - width / 2, y, 0], [x + width / 2, y, 0]
    points[RIGHT_EYE_CORNERS[0], 0] -= width / 4
    points[LEFT_EYE_CORNERS[0], 0] += width / 4
    return Mesh(points, presence)


class Scripted:
    """Stands in for the networks: a frame is a list of (x, y, width) of its faces."""

    def __init__(self, settings=FACEMESH):
        self.settings = settings
        self.searches = 0

    def faces(self, frame):
        self.searches += 1
        boxes = [[x - w / 2, y - w / 2, x + w / 2, y + w / 2] for x, y, w in frame]
        eyes = [[[x - w / 4, y], [x + w / 4, y]] + [[x, y]] * 4 for x, y, w in frame]
        boxes, eyes = np.reshape(boxes, (-1, 4)), np.reshape(eyes, (-1, 6, 2))
        return Faces(boxes, eyes, np.ones(len(frame)))

    def follow(self, frame, regions):
        meshes = []
        for region in regions:
            inside = [
                (x, y, w)
                for x, y, w in frame
                if np.hypot(x - region[0], y - region[1]) < region[2] / 2
            ]
            meshes.append(made(*inside[0]) if inside else made(*region[:3], 0.0))
        return meshes

    def meshes(self, frame, faces):
        found = self.follow(frame, regions_of_faces(faces))
        return [mesh for mesh in found if self.present(mesh)]

    def present(self, mesh):
        return mesh.presence >= 0.5


def ids(tracker, frames):
    return [[face.face_id for face in tracker(frame)] for frame in frames]


A, B = (100, 100, 60), (400, 100, 60)


def test_two_faces_keep_their_numbers_while_they_move():
    frames = [[(100 + 3 * t, 100, 60), (400 - 3 * t, 100, 60)] for t in range(30)]
    tracker = Tracker(Scripted())
    assert ids(tracker, frames) == [[0, 1]] * 30
    assert tracker(frames[-1])[0].mesh.box[0] < tracker(frames[-1])[1].mesh.box[0]


def test_nobody_is_an_empty_frame_and_not_a_gap():
    assert ids(Tracker(Scripted()), [[], [A], [], [A]]) == [[], [0], [], [0]]


def test_who_returns_nearby_gets_the_number_back():
    near, far = (115, 110, 66), (200, 100, 60)
    assert ids(Tracker(Scripted()), [[A], [], [], [near]])[-1] == [0]
    assert ids(Tracker(Scripted()), [[A], [], [], [far]])[-1] == [1]


def test_a_face_of_another_size_is_another_face():
    assert ids(Tracker(Scripted()), [[A], [], [(100, 100, 110)]])[-1] == [1]


def test_a_newcomer_is_seen_within_the_longest_wait():
    frames = [[A]] * 100 + [[A, B]] * 10
    seen = ids(Tracker(Scripted(), longest_wait=8), frames)
    first = next(t for t, faces in enumerate(seen) if faces == [0, 1])
    assert 100 <= first < 108 and all(faces == [0, 1] for faces in seen[first:])


def test_the_finder_rests_while_nothing_changes():
    chain = Scripted()
    ids(Tracker(chain, longest_wait=24), [[A]] * 240)
    assert chain.searches <= 16  # 1, 2, 4, 8, 16 frames apart, then 24


def test_a_loss_is_looked_into_at_once():
    # The face jumps out of its region: found again in the same frame.
    assert ids(Tracker(Scripted()), [[A], [A], [B], [B]]) == [[0], [0], [1], [1]]


def test_who_leaves_has_no_row_while_others_stay():
    seen = ids(Tracker(Scripted()), [[A, B], [B], [B], [B], [A, B]])
    assert seen == [[0, 1], [1], [1], [1], [0, 1]]


def test_two_regions_on_one_face_become_one():
    moving = [[A, (100 + 300 - 10 * t, 100, 60)] for t in range(30)]
    merged = [[A]] * 3
    seen = ids(Tracker(Scripted()), moving + merged)
    assert seen[0] == [0, 1] and all(faces == [0] for faces in seen[-3:])


def test_as_mediapipe_a_lost_face_is_sought_in_the_next_frame():
    chain = Scripted(MEDIAPIPE)
    assert ids(Tracker(chain), [[A], [B], [B], [A, B]]) == [[0], [], [1], [1]]
    assert chain.searches == 2
