"""Real against synthetic behaviour: measures, and what they are between real halves."""

from genface.realism.card import Card, Row, compare

__all__ = ["Card", "Row", "compare"]
