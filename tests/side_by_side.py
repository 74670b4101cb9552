"""Which of pytest-xdist's processes runs what: a file is run by one, and files that share what is dear by the same."""

from typing import Any, Final

import pytest

TOGETHER: Final = {
    "live servers": (
        *("system/test_load", "system/test_stage_failures", "system/test_stock", "system/test_taste"),
        *("system/test_topologies", "test_readme"),
    ),
    "trained models": ("training/test_assemble", "training/test_cross_encoder", "training/test_encoder"),
}
"""Files of tests/ whose fixtures live as long as their process: `compact`, `graph`, `trained`, `tiny_encoder`."""

GROUPS: Final = {f"tests/{file}.py": name for name, files in TOGETHER.items() for file in files}

LONG: Final = ("tests/training/", "tests/system/", "tests/k8s/", "tests/test_")
"""Where single tests take long, those first that do not wait for the planted shop. Nobody waits for one in the end."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::")[0]
            return GROUPS.get(file, file)

    config.option.loadscopereorder = False  # it would go by how many tests there are, and not by how long they take
    return ByFile(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long ones first where several processes share the tests; otherwise in the order of the files."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _turn(item.nodeid.split("::")[0]))


def _turn(file: str) -> int:
    if file in GROUPS:
        return list(TOGETHER).index(GROUPS[file])
    return len(TOGETHER) + next((turn for turn, start in enumerate(LONG) if file.startswith(start)), len(LONG))
