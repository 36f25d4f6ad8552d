"""The errors that genface raises on purpose, and how it warns.

Each message is one line: what was expected, what came, what to do.
"""

import sys
import warnings


class GenfaceError(Exception):
    """Anything that a user can put right; the command line prints it in one line."""


class InputError(GenfaceError, ValueError):
    """A value, name, column or option that cannot be used."""


class ShapeError(InputError):
    """An array of another shape than the function takes."""


class NotTimeLockedError(InputError):
    """Free samples were to be correlated over time with what they do not follow."""


class WeightError(GenfaceError):
    """Weights that are missing, altered, or do not fit their network."""


class FitError(GenfaceError):
    """A model that could not be fitted to these data."""


class MediaError(GenfaceError):
    """A file that is not there, not readable as a picture or clip, or not writable."""


def warn(message: str) -> None:
    """Warn at the line outside of genface that led here, however deep this is."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("genface."):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, stacklevel=level)
