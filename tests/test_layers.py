"""The rooms of the house: a room imports only rooms of a lower rank."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import genface

PACKAGE = Path(genface.__file__).parent

RANK = {
    "errors": 0,  # and files, compilation, progress
    "facs": 1,
    "video": 2,
    "geometry": 2,
    "table": 3,
    "weights": 4,
    "behavior": 4,
    "stats": 4,
    "nets": 5,
    "avatar": 5,
    "fex": 6,
    "realism": 6,
    "detect": 7,
    "fer": 8,
    "pipelines": 9,
    "cli": 10,
    "web": 10,
    "__main__": 11,
}


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules() -> dict[str, Path]:
    return {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def room(module: str) -> str:
    name = (module.split(".") + [""])[1]
    ground_floor = ("files", "compilation", "progress")  # one room with errors
    return "errors" if name in ground_floor else name


def imports(path: Path) -> set[str]:
    """Every genface module that a file imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    known = modules()
    found = {name for name in found if name.split(".")[0] == "genface"}
    return {name if name in known else name.rpartition(".")[0] for name in found}


def test_every_room_has_a_rank():
    rooms = {room(name) for name in modules()} - {""}
    assert rooms <= set(RANK), f"without a rank: {rooms - set(RANK)}"


def test_rooms_import_only_lower_rooms():
    wrong = [
        f"{name} imports {other}"
        for name, path in modules().items()
        if room(name)
        for other in imports(path)
        if room(other) and room(other) != room(name)
        if RANK[room(other)] >= RANK[room(name)]
    ]
    assert not wrong, wrong


def test_modules_form_no_cycle():
    # A package's __init__ re-exports its own modules, which may not import it back.
    graph = {name: imports(path) - {name} for name, path in modules().items()}
    graph.pop("genface")  # names things for others; imports lazily
    for needed in graph.values():
        needed.discard("genface")
    list(TopologicalSorter(graph).static_order())  # raises CycleError


def test_facs_knows_no_pandas_and_plots_own_matplotlib():
    for name, path in modules().items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        top = {
            alias.name.split(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for alias in node.names
        } | {
            (node.module or "").split(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
        }
        assert not (room(name) == "facs" and "pandas" in top), name
        assert not ("matplotlib" in top and not name.endswith("plots")), name
