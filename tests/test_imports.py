"""Imports go one way (DESIGN §1), and serving does not load what only training needs."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MAY_IMPORT = {
    "recommender": set[str](),
    "models": {"recommender"},
    "store": {"recommender"},
    "training": {"recommender", "models", "store"},
    "runners": {"recommender", "models", "settings"},
    "jobs": {"recommender", "models", "store"},
    "settings": {"recommender"},
    "api": {"recommender", "models", "runners", "store", "settings"},
    "service": {"recommender", "models", "runners", "store", "settings", "api"},
    "cli": {"recommender", "models", "store", "training", "runners", "jobs", "api", "service", "settings"},
}
"""What each part may use of the project besides itself."""

OURS = frozenset(MAY_IMPORT)

KEPT_OUT = {
    "recommender": {
        *("sqlalchemy", "alembic", "fastapi", "starlette", "bentoml", "mlflow", "torch", "onnxruntime", "pandas"),
        *("time", "datetime", "random"),  # the clock and chance are given from outside
    },
    "models": {"mlflow", "torch", "sentence_transformers", "sqlalchemy", "fastapi", "bentoml", "pickle"},
    "store": {"mlflow", "torch", "fastapi", "bentoml", "pickle"},
    "training": {"fastapi", "bentoml", "pickle"},
    "runners": {"mlflow", "torch", "pickle"},
    "jobs": {"mlflow", "torch", "fastapi", "bentoml", "pandas", "pickle"},
    "api": {"mlflow", "torch", "pandas", "pickle"},
}
TRAINING_ONLY = {
    "mlflow",
    "torch",
    "sentence_transformers",
    "transformers",
    "implicit",
    "matplotlib",
    "lightgbm",
    "onnxmltools",
}


def files_of(part: str) -> list[Path]:
    return sorted((ROOT / part).rglob("*.py")) if (ROOT / part).is_dir() else [ROOT / f"{part}.py"]


def imported_by(path: Path) -> Iterator[str]:
    """Every module that the file imports, wherever in it; a relative import counts as its own package."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "" if not node.level else path.relative_to(ROOT).parts[0]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("__import__", "importlib.import_module"):
            yield node.args[0].value if isinstance(node.args[0], ast.Constant) else "<unknown>"


def imports_of(part: str) -> dict[str, set[str]]:
    """Top-level packages that a part imports, each with the files that do."""
    found: dict[str, set[str]] = {}
    for path in files_of(part):
        for module in imported_by(path):
            found.setdefault(module.split(".")[0], set()).add(path.relative_to(ROOT).as_posix())
    return found


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_every_part_exists_and_imports_something(part: str) -> None:
    assert imports_of(part), f"{part} has no imports: has it moved?"


def test_no_package_of_the_project_is_missing_from_this_test() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    modules = {path.stem for path in ROOT.glob("*.py")}
    assert (packages | modules) - {"tests", "benchmarks", "clients", "loadtests", "docs"} == OURS


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_imports_inside_the_project_go_one_way(part: str) -> None:
    wrong = {name: files for name, files in imports_of(part).items() if name in OURS - {part} - MAY_IMPORT[part]}
    assert wrong == {}


@pytest.mark.parametrize("part", KEPT_OUT)
def test_parts_stay_free_of_what_is_not_theirs(part: str) -> None:
    assert {name: files for name, files in imports_of(part).items() if name in KEPT_OUT[part]} == {}


@pytest.mark.parametrize("part", sorted(OURS - {"training"}))
def test_only_training_imports_mlflow_and_torch(part: str) -> None:
    assert {name: files for name, files in imports_of(part).items() if name in TRAINING_ONLY} == {}


def test_nothing_imports_the_command_line() -> None:
    assert [part for part in OURS - {"cli"} if "cli" in imports_of(part)] == []


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("service", ("torch", "mlflow", "pandas", "training", "sentence_transformers", "implicit", "lightgbm")),
        ("recommender.pipeline", ("sqlalchemy", "fastapi", "bentoml", "onnxruntime", "models", "store")),
    ],
)
def test_importing_loads_nothing_that_is_not_needed(module: str, absent: tuple[str, ...], tmp_path: Path) -> None:
    program = f"import sys, {module}; print([name for name in {absent!r} if name in sys.modules])"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHELFWISE_")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=kept | {"SHELFWISE_HOME": str(tmp_path), "BENTOML_DO_NOT_TRACK": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("source", "modules"),
    [
        ("import a.b as c, d", {"a.b", "d"}),
        ("def f() -> None:\n    from a.b import c", {"a.b"}),
        ("x = __import__('a')", {"a"}),
        ("import importlib\nimportlib.import_module('a.b')", {"importlib", "a.b"}),
    ],
)
def test_this_test_sees_every_kind_of_import(tmp_path: Path, source: str, modules: set[str]) -> None:
    path = tmp_path / "module.py"
    path.write_text(source)
    assert set(imported_by(path)) == modules
