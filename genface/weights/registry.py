"""Every file that genface pulls, by the name of what it is for."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from genface.errors import WeightError
from genface.weights.asset import Asset
from genface.weights.embedded_assets import EMBEDDED
from genface.weights.ported_assets import PORTED

ASSETS: Mapping[str, Asset] = MappingProxyType(
    {entry.name: entry for entry in (*EMBEDDED, *PORTED)}
)

#: What ``Detector("facemesh")`` needs.
FACEMESH_ASSETS = ("blazeface_full", "face_mesh_attention")


def asset(name: str, assets: Mapping[str, Asset] = ASSETS) -> Asset:
    """The entry called ``name``; an unknown name is a WeightError that lists them."""
    if name not in assets:
        raise WeightError(
            f"no asset is called {name!r}; there are {', '.join(assets)}."
        )
    return assets[name]


def select(
    names: Iterable[str] | None, assets: Mapping[str, Asset] = ASSETS
) -> list[Asset]:
    """The named entries in their given order, or all of them for None."""
    if names is None:
        return list(assets.values())
    return [asset(name, assets) for name in dict.fromkeys(names)]
