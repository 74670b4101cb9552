"""Compact and graph are the same code: the same answers, and nothing heavy in any process that serves."""

from collections.abc import Iterator
from typing import Final

import httpx
import psutil
import pytest

from tests.planted_shop import CLUSTERS
from tests.real_server import Server, eventually

NOT_FOR_SERVING: Final = ("libtorch", "/torch/", "/mlflow/", "/pandas/")
STAGES: Final = ("Embedding", "Collaborative", "Reranker")
METHODS: Final = ("encode", "fold_in", "rerank")


def planted_requests() -> Iterator[tuple[str, dict[str, str]]]:
    for cluster in CLUSTERS:
        yield "homepage", {"user_id": f"{cluster}-customer-01"}
        yield "homepage", {"user_id": f"{cluster}-customer-02", "limit": "30"}
        yield f"product/{cluster}-03", {}
        yield f"frequently-bought-together/{cluster}-04", {}
        yield "cart", {"product_ids": f"{cluster}-05,{cluster}-06,staple-1"}
    yield "homepage", {}


@pytest.mark.parametrize(("page", "query"), planted_requests())
def test_both_topologies_give_the_same_answer(compact: Server, graph: Server, page: str, query: dict[str, str]) -> None:
    one, other = compact.recommend(page, **query), graph.recommend(page, **query)
    assert one["degraded"] == other["degraded"] == []
    assert [product["external_product_id"] for product in one["recommendations"]] == [
        product["external_product_id"] for product in other["recommendations"]
    ]
    assert [product["score"] for product in one["recommendations"]] == pytest.approx(
        [product["score"] for product in other["recommendations"]], abs=1e-4
    )


def test_an_event_sent_to_one_process_counts_in_the_other(compact: Server, graph: Server) -> None:
    user = {"user_id": "two-replicas"}
    assert graph.recommend("homepage", **user)["strategy"] == "popular"  # a stranger, remembered as such
    compact.post_event(**user, product_id="garden-11", interaction_type="PURCHASE")
    eventually(lambda: graph.recommend("homepage", **user)["strategy"] == "hybrid", within=5)
    assert graph.shown("homepage", **user) == compact.shown("homepage", **user)


@pytest.mark.parametrize("topology", ["compact", "graph"])
def test_no_serving_process_has_a_training_library_in_memory(topology: str, request: pytest.FixtureRequest) -> None:
    server: Server = request.getfixturevalue(topology)
    server.recommend("homepage", user_id="coffee-customer-01")
    for process in server.processes():
        mapped = {part.path for part in process.memory_maps(grouped=True)}
        assert not [path for path in mapped for name in NOT_FOR_SERVING if name in path], process.cmdline()


def test_each_stage_of_the_graph_is_a_process_of_its_own(graph: Server, compact: Server) -> None:
    assert len({graph.stage(name).pid for name in STAGES}) == len(STAGES)
    assert len(graph.processes()) == 2 + len(STAGES)
    assert not [one for one in compact.processes() if set(one.cmdline()) & set(STAGES)]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
def test_a_stage_reads_nothing_from_those_who_lack_the_secret(graph: Server, headers: dict[str, str]) -> None:
    """Stages listen on sockets in a folder of the supervisor's, and unpickle what they are sent."""
    sockets = {one.laddr for one in graph.processes()[0].net_connections("unix") if one.laddr}
    assert len(sockets) == len(STAGES)
    for socket in sockets:
        with httpx.Client(transport=httpx.HTTPTransport(uds=socket)) as stranger:
            kind = {"Content-Type": "application/vnd.bentoml+pickle"}
            for method in METHODS:
                answer = stranger.post(f"http://stage/{method}", content=b"x", headers=headers | kind)
                assert answer.status_code == 401
            assert stranger.get("http://stage/livez").status_code == 200


def test_the_front_door_unpickles_nothing(graph: Server) -> None:
    answer = graph.client.post(
        "/api/v1/interactions", content=b"x", headers={"Content-Type": "application/vnd.bentoml+pickle"}
    )
    assert answer.status_code == 422


def test_nothing_listens_beyond_loopback(graph: Server, compact: Server) -> None:
    for process in [*graph.processes(), *compact.processes()]:
        listening = [one.laddr for one in process.net_connections("tcp") if one.status == psutil.CONN_LISTEN]
        assert {place.ip for place in listening} <= {"127.0.0.1"}, process.cmdline()
