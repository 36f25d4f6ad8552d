"""ICT-FaceKit as raw material: loading, registration of the 478-point mesh, AU shapes.

The set itself (MIT, USC Institute for Creative Technologies) is not part of this
project; see `experiments/01_rig/run.py` for where it is expected.
"""

from experiments.ict.facekit import ICT, load_ict
from experiments.ict.registration import Registration, register

__all__ = ["ICT", "Registration", "load_ict", "register"]
