"""What an error may quote of a file that nobody vouches for: a short piece of text.

A tuple that holds another ten times, and so on, is small in a file and in memory, but
not once it is text. So of anything but text an error tells the type alone.
"""

MOST_CHARACTERS = 100


def excerpt(value: object) -> str:
    """A text's first hundred characters, on one line; of all else the type's name."""
    if not isinstance(value, str):
        return type(value).__name__
    piece = value[:MOST_CHARACTERS] + "..." * (len(value) > MOST_CHARACTERS)
    return "".join(letter if letter.isprintable() else "?" for letter in piece)
