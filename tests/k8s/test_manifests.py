"""What would be applied is valid, consistent, and meant for the program that is here."""

import copy
from collections.abc import Callable

import kubernetes_validate
import pytest
from starlette.testclient import TestClient

from api.app import build_app
from runners.collaborative import Collaborative
from runners.embedding import Embedding
from runners.reranker import Reranker
from runners.service_settings import GATEWAY, STAGE
from service import Gateway
from tests.k8s import checks
from tests.k8s.manifests import Document, Manifests

STAGES = {"Embedding": Embedding, "Collaborative": Collaborative, "Reranker": Reranker}


def test_every_document_is_valid_on_kubernetes_1_37(manifests: Manifests) -> None:
    for document in manifests.documents:
        assert kubernetes_validate.validate(document, "1.37", strict=True) == "1.37"


def test_what_schemas_cannot_say(manifests: Manifests) -> None:
    assert checks.complaints(manifests) == []


def test_no_two_documents_have_the_same_name(manifests: Manifests) -> None:
    names = [(one["kind"], one["metadata"]["name"]) for one in manifests.documents]
    assert len(names) == len(set(names))


def test_everything_lies_in_the_namespace(manifests: Manifests) -> None:
    (namespace,) = manifests.names("Namespace")
    inside = {one["metadata"]["namespace"] for one in manifests.documents if one["kind"] != "Namespace"}
    assert inside == {namespace}


def test_overlays_are_the_two_topologies(compact: Manifests, distributed: Manifests) -> None:
    assert [one.serves for one in compact.workloads] == ["Gateway"]
    assert sorted(one.serves for one in distributed.workloads) == ["Collaborative", "Embedding", "Gateway", "Reranker"]


def test_stages_are_the_dependencies_of_the_gateway(distributed: Manifests) -> None:
    assert {one.serves for one in distributed.stages} == set(STAGES)
    assert {dependency.on.name for dependency in Gateway.dependencies.values()} == set(STAGES)


def test_overlays_name_an_image_with_a_version(compact: Manifests, distributed: Manifests) -> None:
    for one in [*compact.with_pods, *distributed.with_pods]:
        name, _, tag = one.container["image"].rpartition(":")
        assert name
        assert tag != "latest"


def test_probes_ask_for_paths_that_the_gateway_has(compact: Manifests) -> None:
    (gateway,) = compact.workloads
    assert _probe_paths(compact) == {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
    paths = build_app().openapi()["paths"]
    assert all("get" in paths[probe["httpGet"]["path"]] for probe in gateway.probes.values())


@pytest.mark.parametrize("stage", STAGES)
def test_probes_are_answered_by_a_stage(
    stage: str, distributed: Manifests, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELFWISE_HOME", str(tmp_path))
    (workload,) = (one for one in distributed.stages if one.serves == stage)
    with TestClient(STAGES[stage].to_asgi()) as client:
        for probe in workload.probes.values():
            assert client.get(probe["httpGet"]["path"]).status_code == 200


def test_time_to_stop_covers_the_longest_request() -> None:
    assert {settings["traffic"]["timeout"] for settings in (GATEWAY, STAGE)} == {checks.REQUEST_SECONDS}


def _probe_paths(given: Manifests) -> dict[str, str]:
    (one,) = given.workloads
    return {name: probe["httpGet"]["path"] for name, probe in one.probes.items()}


Mistake = Callable[[Document], object]


def _pod(document: Document) -> Document:
    return document["spec"]["template"]["spec"]


def _container(document: Document) -> Document:
    return _pod(document)["containers"][0]


MISTAKES: dict[str, tuple[str, str, Mistake]] = {
    "selectors": ("Service", "gateway", lambda d: d["spec"]["selector"].update({"app": "typo"})),
    "ports": ("Service", "gateway", lambda d: d["spec"]["ports"][0].update(targetPort="web")),
    "references": ("Deployment", "gateway", lambda d: _container(d)["envFrom"][0]["configMapRef"].update(name="x")),
    "no_secret_values": ("ConfigMap", "", lambda d: d["data"].update(SHELFWISE_DATABASE_URL="postgresql://a:b@c/d")),
    "stages_share_a_secret": ("Deployment", "reranker-stage", lambda d: _container(d)["env"].pop()),
    "dependencies": ("Service", "reranker-stage", lambda d: d["spec"]["ports"][0].update(port=3001)),
    "disruption": ("PodDisruptionBudget", "gateway", lambda d: d["spec"].update(minAvailable=2)),
    "replicas_have_one_owner": ("Deployment", "gateway", lambda d: d["spec"].update(replicas=2)),
    "settings_are_known": ("ConfigMap", "", lambda d: d["data"].update(SHELFWISE_LOGLEVEL="INFO")),
    "stages_are_closed": ("NetworkPolicy", "stages", lambda d: d["spec"]["ingress"][0].pop("from")),
    "pods_are_restricted": ("Deployment", "embedding-stage", lambda d: _pod(d)["securityContext"].pop("runAsUser")),
    "folders_are_mounted": ("Deployment", "gateway", lambda d: _container(d)["volumeMounts"].pop(0)),
    "stops_gracefully": ("Deployment", "gateway", lambda d: _pod(d).update(terminationGracePeriodSeconds=30)),
    "resources_are_stated": ("Deployment", "gateway", lambda d: _container(d)["resources"]["requests"].pop("cpu")),
    "jobs_run_alone": ("CronJob", "retention", lambda d: d["spec"].update(concurrencyPolicy="Allow")),
}
"""For each check, a mistake that the schemas let pass: kind and name of a document, and how to spoil it."""


def test_every_check_has_its_mistake() -> None:
    assert {check.__name__ for check in checks.CHECKS} == set(MISTAKES)


@pytest.mark.parametrize("check", MISTAKES)
def test_checks_see_mistakes(check: str, distributed: Manifests) -> None:
    kind, name, spoil = MISTAKES[check]
    spoiled = Manifests(tuple(copy.deepcopy(distributed.documents)))
    document = next(one for one in spoiled.of(kind) if name in one["metadata"]["name"])
    spoil(document)
    kubernetes_validate.validate(document, "1.37", strict=True)
    assert {one.split(":")[0] for one in checks.complaints(spoiled)} == {check}
