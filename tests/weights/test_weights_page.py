"""The page on weights says what the registry says."""

from pathlib import Path

from genface import weights

PAGE = Path(__file__).parents[2] / "docs" / "weights.md"


def licence_row(asset):
    use = "yes" if asset.commercial_use else "no"
    return f"| `{asset.name}` | {asset.purpose} | {asset.licence} | {use} |"


def source_row(asset):
    places = "; ".join(source.place for source in asset.sources.values())
    return f"| `{asset.name}` | {places} | {asset.input} | {asset.signs or '-'} |"


def test_the_tables_are_the_registry():
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    assets = weights.ASSETS.values()
    expected = [*map(licence_row, assets), *map(source_row, assets)]
    assert [line for line in lines if line.startswith("| `")] == expected
