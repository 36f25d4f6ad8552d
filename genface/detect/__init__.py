"""Frames to Fex: find faces, mesh them, follow them, and measure them."""

from genface.detect.au_details import add_au_details, blink_table
from genface.detect.blazeface import FaceFinder, Faces
from genface.detect.blinks import Blink, blink_course, find_blinks
from genface.detect.detector import Detector
from genface.detect.facemesh import FaceMesh, Mesh
from genface.detect.settings import FACEMESH, MEDIAPIPE, Settings
from genface.detect.tracking import Face, Tracker

__all__ = [
    "FACEMESH",
    "MEDIAPIPE",
    "Blink",
    "Detector",
    "Face",
    "FaceFinder",
    "FaceMesh",
    "Faces",
    "Mesh",
    "Settings",
    "Tracker",
    "add_au_details",
    "blink_course",
    "blink_table",
    "find_blinks",
]
