"""What Kubernetes' schemas cannot say. Each check returns its complaints; an empty list is good."""

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any, Final
from urllib.parse import urlsplit

from cli.jobs import run
from settings import PREFIX, Settings
from tests.k8s.manifests import ROOT, Document, Manifests, Workload, matches

SECRET_SETTINGS: Final = frozenset({"SHELFWISE_DATABASE_URL", "SHELFWISE_STAGE_SECRET"})

REQUEST_SECONDS: Final = 30
"""`traffic.timeout` of every service: the longest that a request may take after the signal to stop."""

RUN: Final = ["python", "-m", "cli.main", "jobs", "run"]

Check = Callable[[Manifests], Iterator[str]]


def selectors(given: Manifests) -> Iterator[str]:
    """Every selector selects what it is meant to, and nothing else."""
    for one in given.workloads:
        if [found.name for found in given.selected(one.document["spec"]["selector"]["matchLabels"])] != [one.name]:
            yield f"Deployment {one.name} does not select exactly its own pods"
        for spread in one.pod["topologySpreadConstraints"]:
            if not matches(spread["labelSelector"]["matchLabels"], one.labels):
                yield f"Deployment {one.name} spreads pods of another"
    for service in given.of("Service"):
        if len(given.selected(service["spec"]["selector"])) != 1:
            yield f"Service {service['metadata']['name']} does not select one Deployment's pods"
    for selector, name in _policy_selectors(given):
        if not given.selected(selector):
            yield f"NetworkPolicy {name} selects nothing with {selector}"


def _policy_selectors(given: Manifests) -> Iterator[tuple[dict[str, str], str]]:
    for policy in given.of("NetworkPolicy"):
        name, spec = policy["metadata"]["name"], policy["spec"]
        yield spec["podSelector"].get("matchLabels", {}), name
        for peer in _peers(policy):
            if "podSelector" in peer:
                yield peer["podSelector"].get("matchLabels", {}), name


def _peers(policy: Document) -> list[Document]:
    return [peer for rule in policy["spec"].get("ingress", []) for peer in rule.get("from", [{}])]


def ports(given: Manifests) -> Iterator[str]:
    """Every port that is named is a port of the container that it leads to."""
    for service in given.of("Service"):
        for port in service["spec"]["ports"]:
            for one in given.selected(service["spec"]["selector"]):
                if port["targetPort"] not in one.ports:
                    yield f"Service {service['metadata']['name']}: {one.name} has no port {port['targetPort']}"
    for policy in given.of("NetworkPolicy"):
        for one in given.selected(policy["spec"]["podSelector"].get("matchLabels", {})):
            for name in (port["port"] for rule in policy["spec"].get("ingress", []) for port in rule["ports"]):
                if name not in one.ports:
                    yield f"NetworkPolicy {policy['metadata']['name']}: {one.name} has no port {name}"
    for one in given.workloads:
        for name, probe in one.probes.items():
            if probe["httpGet"]["port"] not in one.ports:
                yield f"{one.name}: {name} asks at port {probe['httpGet']['port']}, which is not there"


def references(given: Manifests) -> Iterator[str]:
    """Everything that is named exists, or k8s/README.md says how it is made by hand."""
    by_hand = (ROOT / "k8s" / "README.md").read_text(encoding="utf-8")
    for one in given.with_pods:
        for source in one.container["envFrom"]:
            if source["configMapRef"]["name"] not in given.names("ConfigMap"):
                yield f"{one.name}: there is no ConfigMap {source['configMapRef']['name']}"
        for key, name in one.secrets.items():
            if f"create secret generic {name} " not in by_hand or f"{key}=" not in by_hand:
                yield f"{one.name}: k8s/README.md does not say how to make Secret {name} with {key}"
        for volume in one.pod["volumes"]:
            claim = volume.get("persistentVolumeClaim", {}).get("claimName")
            if claim is not None and claim not in given.names("PersistentVolumeClaim"):
                yield f"{one.name}: there is no PersistentVolumeClaim {claim}"
    for scaler in given.of("HorizontalPodAutoscaler"):
        if scaler["spec"]["scaleTargetRef"]["name"] not in given.names("Deployment"):
            yield f"the autoscaler {scaler['metadata']['name']} scales nothing"


def no_secret_values(given: Manifests) -> Iterator[str]:
    """Secrets are made by hand: neither a Secret nor the value of one is in what is rendered."""
    for one in given.of("Secret"):
        yield f"Secret {one['metadata']['name']} is part of the manifests"
    literal = set(given.settings()) | {name for one in given.with_pods for name in one.environment}
    yield from (f"the value of {name} is part of the manifests" for name in sorted(literal & SECRET_SETTINGS))


def stages_share_a_secret(given: Manifests) -> Iterator[str]:
    """Where stages have pods, they and the gateway take the same secret; without it a stage trusts anyone."""
    sources = {one.name: dict(one.secrets).get("SHELFWISE_STAGE_SECRET") for one in given.workloads}
    if given.stages and (None in sources.values() or len(set(sources.values())) != 1):
        yield f"the stage secret comes from {sources}"


def dependencies(given: Manifests) -> Iterator[str]:
    """The gateway looks for every stage that has pods, where its Service is."""
    services = {one["metadata"]["name"]: one for one in given.of("Service")}
    (gateway,) = (one for one in given.workloads if one.serves == "Gateway")
    pairs = [pair.split("=", 1) for pair in gateway.environment.get("BENTOML_SERVE_DEPENDS", "").split()]
    if sorted(name for name, _ in pairs) != sorted(one.serves for one in given.stages):
        yield "BENTOML_SERVE_DEPENDS does not name exactly the stages that have pods"
    for name, url in pairs:
        service = services.get(urlsplit(url).hostname or "")
        if service is None or urlsplit(url).port not in [port["port"] for port in service["spec"]["ports"]]:
            yield f"{name}: {url} is no Service"
        elif [one.serves for one in given.selected(service["spec"]["selector"])] != [name]:
            yield f"{name}: {url} leads to another stage"


def disruption(given: Manifests) -> Iterator[str]:
    """A node can always be drained: every budget leaves a pod to take away, and every Deployment has a budget."""
    for one in given.workloads:
        budgets = [
            budget["spec"]["minAvailable"]
            for budget in given.of("PodDisruptionBudget")
            if matches(budget["spec"]["selector"]["matchLabels"], one.labels)
        ]
        if len(budgets) != 1:
            yield f"{one.name} has {len(budgets)} disruption budgets"
        elif budgets[0] >= _fewest_pods(given, one):
            yield f"{one.name}: minAvailable {budgets[0]} of {_fewest_pods(given, one)} pods blocks every drain"


def _fewest_pods(given: Manifests, one: Workload) -> int:
    for scaler in given.of("HorizontalPodAutoscaler"):
        if scaler["spec"]["scaleTargetRef"]["name"] == one.name:
            return int(scaler["spec"]["minReplicas"])
    return int(one.document["spec"].get("replicas", 1))


def replicas_have_one_owner(given: Manifests) -> Iterator[str]:
    """A Deployment under an autoscaler says no number: applying it again would undo the scaling."""
    scaled = {one["spec"]["scaleTargetRef"]["name"] for one in given.of("HorizontalPodAutoscaler")}
    for one in given.workloads:
        if ("replicas" in one.document["spec"]) == (one.name in scaled):
            yield f"{one.name}: its number of pods has no owner or two"


def settings_are_known(given: Manifests) -> Iterator[str]:
    """Every SHELFWISE_ variable is a field of `settings.Settings`: the process refuses to start with another."""
    known = {PREFIX + field.name.upper() for field in fields(Settings)}
    named = set(given.settings()) | {entry["name"] for one in given.with_pods for entry in one.container["env"]}
    yield from (f"{name} is not a setting" for name in sorted(named - known) if name.startswith(PREFIX))
    for one in given.with_pods:
        if one.pod.get("enableServiceLinks") is not False:
            yield f"{one.name}: Kubernetes adds variables per Service, which may start with {PREFIX}"


def stages_are_closed(given: Manifests) -> Iterator[str]:
    """A stage unpickles what it is sent: no policy that selects it lets in anyone but the gateway."""
    for one in given.stages:
        policies = [
            policy
            for policy in given.of("NetworkPolicy")
            if matches(policy["spec"]["podSelector"].get("matchLabels", {}), one.labels)
        ]
        if not any("Ingress" in policy["spec"]["policyTypes"] for policy in policies):
            yield f"{one.name} is open to every pod of the cluster"
        for peer in (peer for policy in policies for peer in _peers(policy)):
            if set(peer) != {"podSelector"} or not _only_gateway(given, peer):
                yield f"{one.name} is open to {peer}"


def _only_gateway(given: Manifests, peer: Document) -> bool:
    return [one.serves for one in given.selected(peer["podSelector"].get("matchLabels", {}))] == ["Gateway"]


def pods_are_restricted(given: Manifests) -> Iterator[str]:
    """The namespace enforces Kubernetes' restricted profile, and pods keep more than it: nothing to write on."""
    for namespace in given.of("Namespace"):
        if namespace["metadata"]["labels"].get("pod-security.kubernetes.io/enforce") != "restricted":
            yield "the namespace does not enforce the restricted profile"
    for one in given.with_pods:
        pod, container = one.pod["securityContext"], one.container["securityContext"]
        expected: dict[str, tuple[Any, Any]] = {
            "runAsNonRoot": (pod.get("runAsNonRoot"), True),
            "runAsUser": (pod.get("runAsUser"), 1034),
            "seccompProfile": (pod.get("seccompProfile"), {"type": "RuntimeDefault"}),
            "allowPrivilegeEscalation": (container.get("allowPrivilegeEscalation"), False),
            "readOnlyRootFilesystem": (container.get("readOnlyRootFilesystem"), True),
            "capabilities": (container.get("capabilities"), {"drop": ["ALL"]}),
            "automountServiceAccountToken": (one.pod.get("automountServiceAccountToken"), False),
        }
        yield from (f"{one.name}: {name} is {is_}" for name, (is_, wanted) in expected.items() if is_ != wanted)


def folders_are_mounted(given: Manifests) -> Iterator[str]:
    """On a read-only root, what is written lies in a writable volume, and releases in the volume of the claim."""
    for one in given.with_pods:
        volumes = {volume["name"]: volume for volume in one.pod["volumes"]}
        mounted = {mount["mountPath"]: volumes[mount["name"]] for mount in one.container["volumeMounts"]}
        environment = one.environment | given.settings()
        for name in ("BENTOML_HOME", "SHELFWISE_HOME"):
            folder = environment.get(name, "/nowhere")
            if not any(folder.startswith(f"{path}/") and "emptyDir" in volume for path, volume in mounted.items()):
                yield f"{one.name}: {name}={folder} cannot be written"
        if "persistentVolumeClaim" not in mounted.get(environment["SHELFWISE_RELEASES_URL"], {}):
            yield f"{one.name}: releases are not mounted"


def stops_gracefully(given: Manifests) -> Iterator[str]:
    """A pod leaves its Services before it stops, and has the time to finish what it accepted."""
    for one in given.workloads:
        sleep = one.container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        if not 5 <= sleep <= 10:
            yield f"{one.name}: sleeps {sleep} s before it stops"
        if one.pod["terminationGracePeriodSeconds"] < sleep + REQUEST_SECONDS:
            yield f"{one.name}: requests are cut off when it stops"


def resources_are_stated(given: Manifests) -> Iterator[str]:
    """CPU and memory are requested (the autoscaler needs it), and memory is limited."""
    for one in given.with_pods:
        resources = one.container.get("resources", {})
        if not {"cpu", "memory"} <= set(resources.get("requests", {})) or "memory" not in resources.get("limits", {}):
            yield f"{one.name}: its resources are not stated"


def jobs_run_alone(given: Manifests) -> Iterator[str]:
    """A CronJob starts a job that the command line has, never beside itself, and no two at the same time."""
    schedules = [one["spec"]["schedule"] for one in given.of("CronJob")]
    if len(schedules) != len(set(schedules)):
        yield "two jobs start at the same time"
    for one in given.of("CronJob"):
        if one["spec"].get("concurrencyPolicy") != "Forbid":
            yield f"{one['metadata']['name']} may run beside itself"
    for job in given.jobs:
        if job.container["args"][:5] != RUN or job.container["args"][5:] != [_job_name(job)]:
            yield f"{job.name} runs {job.container['args']}"


def _job_name(job: Workload) -> str | None:
    name = job.name.removesuffix("-job").replace("-", "_")
    return name if name in run.commands else None


CHECKS: Final[tuple[Check, ...]] = (
    selectors,
    ports,
    references,
    no_secret_values,
    stages_share_a_secret,
    dependencies,
    disruption,
    replicas_have_one_owner,
    settings_are_known,
    stages_are_closed,
    pods_are_restricted,
    folders_are_mounted,
    stops_gracefully,
    resources_are_stated,
    jobs_run_alone,
)


def complaints(given: Manifests) -> list[str]:
    """Of all checks, each with the check's name."""
    return [f"{check.__name__}: {one}" for check in CHECKS for one in check(given)]
