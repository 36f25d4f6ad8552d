"""Files from elsewhere: which, under what licence, pulled, verified and read."""

from genface.files import cache_dir
from genface.weights.asset import Asset
from genface.weights.cache import asset_path, digests, verify
from genface.weights.fetch import ensure, is_offline, originals, pull
from genface.weights.registry import ASSETS, FACEMESH_ASSETS, asset
from genface.weights.sources import Hub, Local, Member, Url, Wheel

__all__ = [
    "ASSETS",
    "FACEMESH_ASSETS",
    "Asset",
    "Hub",
    "Local",
    "Member",
    "Url",
    "Wheel",
    "asset",
    "asset_path",
    "cache_dir",
    "digests",
    "ensure",
    "is_offline",
    "originals",
    "pull",
    "verify",
]
