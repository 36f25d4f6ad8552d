"""The names of the emotions: the basic six and Neutral, however they are spelled."""

from genface.errors import InputError

EMOTIONS = ("Neutral", "Happy", "Sad", "Surprise", "Fear", "Disgust", "Anger")
"""In the order of py-feat's Detectorv2."""

_SPELLINGS = {
    "Neutral": "neutral neutrality none",
    "Happy": "happy happiness joy joyful enjoyment",
    "Sad": "sad sadness sorrow",
    "Surprise": "surprise surprised",
    "Fear": "fear fearful afraid scared",
    "Disgust": "disgust disgusted",
    "Anger": "anger angry",
}


def emotion_name(spelling: str) -> str:
    """Name in :data:`EMOTIONS` for any usual spelling (``happiness``, ``Joy``, ...).

    An unknown word is an :class:`InputError`.
    """
    name = known_emotion(spelling)
    if name not in EMOTIONS:
        known = ", ".join(EMOTIONS)
        raise InputError(f"{spelling!r} is no emotion; known are {known}.")
    return name


def known_emotion(spelling: str) -> str:
    """Like :func:`emotion_name`, but a word beyond the basic ones stays as it is."""
    word = spelling.strip().lower()
    for name, spellings in _SPELLINGS.items():
        if word in spellings.split():
            return name
    return spelling.strip()
