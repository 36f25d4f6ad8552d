"""The errors that genface raises on purpose.

Each message is one line: what was expected, what came, what to do.
"""


class GenfaceError(Exception):
    """Anything that a user can put right; the command line prints it in one line."""


class InputError(GenfaceError, ValueError):
    """A value, name, column or option that cannot be used."""


class ShapeError(InputError):
    """An array of another shape than the function takes."""


class WeightError(GenfaceError):
    """Weights that are missing, altered, or do not fit their network."""


class FitError(GenfaceError):
    """A model that could not be fitted to these data."""


class MediaError(GenfaceError):
    """A file that is not there, not readable as a picture or clip, or not writable."""
