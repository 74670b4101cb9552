from pathlib import Path

from .conftest import StartPython

SERVING = [
    path.stem
    for path in sorted((Path(__file__).parents[2] / "store").glob("*.py"))
    if path.stem not in ("__init__", "imports")
]


def test_a_serving_process_loads_no_file_readers(start_python: StartPython) -> None:
    imports = "; ".join(f"import store.{name}" for name in SERVING)
    process = start_python(f"import sys; {imports}; print(*sys.modules)")
    loaded, _ = process.communicate(timeout=60)
    assert {"store.events", "store.catalog", "sqlalchemy"} <= set(loaded.split())
    assert not {"pandas", "pyarrow", "torch", "mlflow", "bentoml", "fastapi"} & set(loaded.split())
