"""Real against synthetic behaviour: measures, and what they are between real halves."""

from genface.realism.card import Card, Row
from genface.realism.challenge import ChallengeRow
from genface.realism.comparison import compare
from genface.realism.verdict import Verdict

__all__ = ["Card", "ChallengeRow", "Row", "Verdict", "compare"]
