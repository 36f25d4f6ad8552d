"""Action Units and emotions from histograms of gradients of aligned, masked faces."""

import numpy as np

from genface.detect.face_crops import SIZE
from genface.detect.stages import FaceBatch
from genface.errors import WeightError
from genface.geometry.alignment import aligned_faces
from genface.geometry.hog import hog
from genface.nets.hog_classifiers import HogClassifiers


class FaceHog:
    """The histograms, once for all classifiers that follow.

    Leaves ``hog`` (N, 5408), and ``aligned_landmarks`` (N, 68, 2) in whole pixels of
    the aligned faces. The crops are 112 pixels wide whatever the landmark network saw.
    """

    columns: tuple[str, ...] = ()
    needs: tuple[str, ...] = ("crops", "crop_landmarks")
    gives: tuple[str, ...] = ("hog", "aligned_landmarks")

    def __call__(self, faces: FaceBatch) -> np.ndarray:
        """Nothing (N, 0)."""
        points = np.asarray(faces.found["crop_landmarks"], np.float32) * SIZE
        aligned = aligned_faces(faces.found["crops"], points)
        faces.found["hog"] = hog(aligned.pictures)
        faces.found["aligned_landmarks"] = aligned.landmarks
        return np.empty((len(faces), 0))


class HogMeasures:
    """Classifiers on the histograms, one for each of ``columns``.

    Probabilities from trees, 0 or 1 from linear separators.
    """

    needs: tuple[str, ...] = ("hog", "aligned_landmarks")
    gives: tuple[str, ...] = ()

    def __init__(self, classifiers: HogClassifiers, columns: tuple[str, ...]) -> None:
        count = sum(len(places) for _, places, _ in classifiers.regions.values())
        if count != len(columns):
            raise WeightError(
                f"{count} classifiers came for {len(columns)} columns "
                f"({columns[0]} to {columns[-1]}); expected one for each."
            )
        self._classifiers = classifiers
        self.columns: tuple[str, ...] = columns

    def __call__(self, faces: FaceBatch) -> np.ndarray:
        """What the classifiers say (N, C)."""
        found = faces.found
        return self._classifiers(found["hog"], np.asarray(found["aligned_landmarks"]))
