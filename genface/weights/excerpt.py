"""What an error may quote of a file that nobody vouches for: a short piece of text.

A tuple that holds another ten times, and so on, is small in a file and in memory, but
not once it is text. So an error quotes text and whole numbers, and else the type.
"""

MOST_CHARACTERS = 100


def excerpt(value: object) -> str:
    """First hundred characters of a text, on one line; a number; else the type."""
    if isinstance(value, int) and value.bit_length() <= 128:
        return str(value)
    if not isinstance(value, str):
        return type(value).__name__
    piece = value[:MOST_CHARACTERS] + "..." * (len(value) > MOST_CHARACTERS)
    return "".join(letter if letter.isprintable() else "?" for letter in piece)
