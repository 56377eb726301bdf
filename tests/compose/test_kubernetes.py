"""The manifests: valid for Kubernetes, and consistent with each other and with our images."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from shoebox.config import load
from tests.compose.kustomize import Resource, build, pods
from tests.compose.settings import read_by
from tests.stack.checkout import CHECKOUT

KUBERNETES = CHECKOUT / "deploy" / "kubernetes"
FOLDERS = (KUBERNETES / "base", *sorted((KUBERNETES / "overlays").iterdir()))
VERSIONS = ("1.30", kubernetes_validate.latest_version())
SECRET_KEYS = {"postgres_password", "pgbouncer_password"}


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def resources(request: pytest.FixtureRequest) -> list[Resource]:
    folder: Path = request.param
    return build(folder)


def of(resources: list[Resource], kind: str) -> list[Resource]:
    return [each for each in resources if each["kind"] == kind]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_is_valid(resources: list[Resource], version: str) -> None:
    assert len(resources) > 10
    for resource in resources:
        kubernetes_validate.validate(resource, version, strict=True)


def test_every_file_is_part_of_a_kustomization() -> None:
    for folder in FOLDERS:
        named = (folder / "kustomization.yaml").read_text()
        assert [
            path.name for path in folder.glob("*.yaml") if path.name not in named and path.stem != "kustomization"
        ] == []


def test_every_selector_finds_the_pods_it_means(resources: list[Resource]) -> None:
    labels = [
        each["spec"]["template"]["metadata"]["labels"] for each in resources if "template" in each.get("spec", {})
    ]
    selectors: list[Any] = [each["spec"]["selector"] for each in of(resources, "Service")]
    selectors += [each["spec"]["selector"]["matchLabels"] for each in of(resources, "Deployment")]
    selectors += [each["spec"]["selector"]["matchLabels"] for each in of(resources, "PodDisruptionBudget")]
    selectors += [each["spec"]["podSelector"]["matchLabels"] for each in of(resources, "NetworkPolicy")]
    assert len(selectors) > 10
    for selector in selectors:
        assert [each for each in labels if selector.items() <= each.items()], selector


def test_services_and_probes_name_ports_that_containers_have(resources: list[Resource]) -> None:
    containers = [container for pod in pods(resources) for container in pod["containers"]]
    names = {port["name"] for container in containers for port in container["ports"]}
    assert {port["targetPort"] for each in of(resources, "Service") for port in each["spec"]["ports"]} <= names
    for container in containers:
        own = {port["name"] for port in container["ports"]}
        for probe in (value for key, value in container.items() if key.endswith("Probe")):
            port = (probe.get("httpGet") or probe.get("tcpSocket") or {}).get("port")
            assert port is None or port in own
        assert "readinessProbe" in container


def test_workers_are_asked_whether_they_live_and_whether_they_can_serve(resources: list[Resource]) -> None:
    (web,) = (c for pod in pods(resources) for c in pod["containers"] if c["name"] == "web")
    asked = {probe: web[probe]["httpGet"]["path"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert asked == {"startupProbe": "/livez", "readinessProbe": "/readyz", "livenessProbe": "/livez"}


def test_what_a_pod_mounts_and_reads_is_there(resources: list[Resource]) -> None:
    claims = {each["metadata"]["name"] for each in of(resources, "PersistentVolumeClaim")}
    maps = {each["metadata"]["name"]: each["data"] for each in of(resources, "ConfigMap")}
    own = {
        claim["metadata"]["name"]
        for each in of(resources, "StatefulSet")
        for claim in each["spec"]["volumeClaimTemplates"]
    }
    for pod in pods(resources):
        volumes = {volume["name"] for volume in pod["volumes"]} | own
        wanted = {
            volume["persistentVolumeClaim"]["claimName"]
            for volume in pod["volumes"]
            if "persistentVolumeClaim" in volume
        }
        assert wanted <= claims
        for container in pod["containers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
            for variable in container.get("env", []):
                if variable["name"].endswith("_FILE"):
                    assert Path(variable["value"]).name in SECRET_KEYS
                if reference := variable.get("valueFrom", {}).get("configMapKeyRef"):
                    assert reference["key"] in maps[reference["name"]]
            for source in container.get("envFrom", []):
                assert source["configMapRef"]["name"] in maps


def test_the_settings_are_shoeboxs_own_and_can_be_used(resources: list[Resource]) -> None:
    (settings,) = (each["data"] for each in of(resources, "ConfigMap"))
    assert set(settings) <= read_by("web") | read_by("nginx") | read_by("pgbouncer")
    assert load(settings).database.postgres is not None


@pytest.mark.parametrize("service", ["nginx", "pgbouncer"])
def test_what_is_not_python_takes_the_settings_too(resources: list[Resource], service: str, tmp_path: Path) -> None:
    (settings,) = (each["data"] for each in of(resources, "ConfigMap"))
    own = {"LOG_DIR": str(tmp_path), "IMAGES_DIR": str(tmp_path), "POSTGRES_PASSWORD": "x", "PGBOUNCER_PASSWORD": "x"}
    script = CHECKOUT / "services" / service / "render.sh"
    env = {"PATH": os.environ["PATH"], **settings, **own}
    subprocess.run(["sh", str(script), str(tmp_path / "out")], env=env, check=True)


def test_no_pod_is_root_or_more_than_it_needs(resources: list[Resource]) -> None:
    assert len(pods(resources)) == 4
    for pod in pods(resources):
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["automountServiceAccountToken"] is False
        # Service links would set PGBOUNCER_PORT=tcp://…, which is a setting of ours.
        assert pod["enableServiceLinks"] is False
        for container in pod["containers"]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]


def test_nothing_of_ours_is_allowed_less_time_to_stop_than_it_takes(resources: list[Resource]) -> None:
    for pod in pods(resources):
        for container in pod["containers"]:
            delay = int(container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["", "0"])[1])
            longest = {"web": 30, "nginx": 60}.get(container["name"], 0)
            assert pod.get("terminationGracePeriodSeconds", 30) > delay + longest


def test_with_pictures_in_a_bucket_no_pod_shares_a_volume() -> None:
    resources = build(KUBERNETES / "overlays" / "object-storage")
    assert of(resources, "PersistentVolumeClaim") == []
    for pod in pods(resources):
        assert [volume for volume in pod["volumes"] if "persistentVolumeClaim" in volume] == []
    (settings,) = (each["data"] for each in of(resources, "ConfigMap"))
    assert load(settings).storage.kind == "s3"
