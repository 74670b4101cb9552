"""The whole application in this process, for contracts; what needs a real server is in tests/system."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

from tests.planted_shop import Shop
from tests.real_server import eventually

HEALTH_TOKEN: Final = "the-health-token"
HEALTH_KEY: Final = b64encode(bytes(range(32))).decode()


@pytest.fixture(scope="session")
def api_shop(planted_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return planted_shop.copy(tmp_path_factory.mktemp("api") / "shop")


@pytest.fixture(scope="session")
def client(api_shop: Shop, patient_rules: Path) -> Iterator[TestClient]:
    """`Gateway` with every stage in process, ready; an error that nobody handles is an answer 500, as in production."""
    with pytest.MonkeyPatch.context() as environment:
        health = {"HEALTH_KEYS": HEALTH_KEY, "HEALTH_TOKEN": HEALTH_TOKEN}
        variables = api_shop.variables(RULES_FILE=str(patient_rules), **health)
        for name, value in (variables | {"BENTOML_DO_NOT_TRACK": "True"}).items():
            environment.setenv(name, value)
        from service import Gateway

        app: Any = Gateway.to_asgi()  # type: ignore[attr-defined]
        with TestClient(app, raise_server_exceptions=False) as client:
            eventually(lambda: client.get("/readyz").status_code == 200, within=60)
            yield client
