"""Frames to Fex: find faces, mesh them, follow them, and measure them."""

from genface.detect.au_details import add_au_details, blink_table
from genface.detect.blinks import Blink, blink_course, find_blinks
from genface.detect.detector import Detector, Detectorv1, Detectorv2
from genface.detect.facemesh import FaceMesh, Mesh
from genface.detect.faces import Faces, Finder, finder_of
from genface.detect.settings import FACEMESH, MEDIAPIPE, Settings
from genface.detect.tracking import Face, Tracker

__all__ = [
    "FACEMESH",
    "MEDIAPIPE",
    "Blink",
    "Detector",
    "Detectorv1",
    "Detectorv2",
    "Face",
    "FaceMesh",
    "Faces",
    "Finder",
    "Mesh",
    "Settings",
    "Tracker",
    "add_au_details",
    "blink_course",
    "blink_table",
    "find_blinks",
    "finder_of",
]
