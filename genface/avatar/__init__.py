"""A face that moves: AU activations to vertices, pixels and clips."""

from genface.avatar.rig import Rig

__all__ = ["Rig"]
