"""The directions of imports: nodes -> vem_core, and inside vem_core upward only."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMFY = {
    "comfy",
    "comfy_api",
    "comfy_api_nodes",
    "comfy_execution",
    "comfy_extras",
    "execution",
    "folder_paths",
    "nodes",
    "server",
}
FOUNDATION = {
    "types",
    "units",
    "errors",
    "files",
    "lexicon",
    "places",
    "plotting",
    "published",
    "report",
}
STAGES = {"video", "parsing", "rhythm", "codecs", "audio", "metrics", "composing", "encoders"}
NEURAL = {"model", "diffusion"}
TOP = {
    "pipeline",
    "aligning",
    "checkpoint",
    "engine",
    "generation",
    "cli",
    "commands",
    "demo",
    "evaluation",
    "training",
    "data",
    "__main__",
}

# A stage may use these units of vem_core besides itself and the foundation.
ALLOWED = {
    **dict.fromkeys(FOUNDATION, FOUNDATION),
    **dict.fromkeys(STAGES, FOUNDATION),
    "parsing": FOUNDATION | {"video"},
    "composing": FOUNDATION | {"codecs"},
    "model": FOUNDATION | {"diffusion"},  # the scalings of training and sampling are one object
    "diffusion": FOUNDATION,
    "engine": FOUNDATION | STAGES | NEURAL,
    "checkpoint": FOUNDATION | STAGES | NEURAL | {"engine"},
    "generation": FOUNDATION | STAGES | NEURAL | {"checkpoint", "engine"},
    "aligning": FOUNDATION | STAGES | {"checkpoint"},
    "pipeline": FOUNDATION | STAGES | NEURAL | {"aligning", "checkpoint", "engine", "generation"},
    "evaluation": FOUNDATION | STAGES,
    "jobs": FOUNDATION | STAGES | {"pipeline"},
    "demo": FOUNDATION | STAGES | {"pipeline", "jobs"},
    "commands": FOUNDATION
    | STAGES
    | {"aligning", "pipeline", "jobs", "generation", "demo", "evaluation", "training", "data"},
    "cli": FOUNDATION | {"commands"},
    "__main__": {"cli"},
    "data": FOUNDATION | STAGES | {"evaluation"},
    "training": FOUNDATION | STAGES | NEURAL | {"checkpoint", "engine", "pipeline"},
}


def imported_modules(path: Path) -> list[tuple[int, str]]:
    """(line, absolute dotted name) of every import; relative ones from the repository root."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            head = ".".join([*base, *([node.module] if node.module else [])])
            found += [(node.lineno, f"{head}.{alias.name}") for alias in node.names]
    return found


def test_vem_core_imports_upward_only() -> None:
    files = sorted((ROOT / "vem_core").rglob("*.py"))
    assert len(files) > 5
    wrong = []
    for path in files:
        inside = path.relative_to(ROOT / "vem_core").with_suffix("").parts[0]
        for line, name in imported_modules(path):
            place = f"{path.relative_to(ROOT)}:{line}: {name}"
            parts = name.split(".")
            if parts[0] in COMFY:
                wrong.append(f"{place}: ComfyUI belongs to nodes/")
            if parts[0] == "vem_core" and len(parts) > 1 and inside != "__init__":
                unit = parts[1]
                known = unit in ALLOWED or unit in TOP
                if known and unit != inside and unit not in ALLOWED.get(inside, set()):
                    wrong.append(f"{place}: {inside} may not import {unit}")
    assert not wrong, "\n".join(wrong)


def test_every_module_has_a_place() -> None:
    units = {
        path.relative_to(ROOT / "vem_core").with_suffix("").parts[0]
        for path in (ROOT / "vem_core").rglob("*.py")
    } - {"__init__", "assets"}
    assert units <= set(ALLOWED), f"no direction is stated for {sorted(units - set(ALLOWED))}"


def test_imports_inside_the_pack_are_relative() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in ("vem_core", "nodes")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        and not node.level
        and (node.module or "").split(".")[0] == "vem_core"
    ]
    assert not wrong, "\n".join(wrong)
