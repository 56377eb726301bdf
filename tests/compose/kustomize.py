"""As much of kustomize as our overlays use, so that what they make can be checked without a cluster
(https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

Resource = dict[str, Any]
_KNOWN = {"apiVersion", "kind", "namespace", "labels", "resources", "images", "replicas", "patches"}


def build(folder: Path) -> list[Resource]:
    """The resources of a kustomization. Raises `LookupError` for a field that is not known here
    and for one that names nothing."""
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    if unknown := set(kustomization) - _KNOWN:
        raise LookupError(f"{folder}: {unknown}")
    resources: list[Resource] = []
    for name in kustomization["resources"]:
        path = folder / name
        resources += build(path) if path.is_dir() else list(yaml.safe_load_all(path.read_text()))
    for replicas in kustomization.get("replicas", []):
        _one(resources, "Deployment", replicas["name"])["spec"]["replicas"] = replicas["count"]
    for image in kustomization.get("images", []):
        _rename(resources, image)
    for patch in kustomization.get("patches", []):
        resource = _one(resources, patch["target"]["kind"], patch["target"]["name"])
        change = yaml.safe_load(patch["patch"])
        if isinstance(change, dict):
            _delete(resources, resource, change)
        else:
            for operation in change:
                _apply(resource, operation)
    for resource in resources:
        if "namespace" in kustomization:
            resource["metadata"]["namespace"] = kustomization["namespace"]
    return resources


def _one(resources: list[Resource], kind: str, name: str) -> Resource:
    found = [each for each in resources if each["kind"] == kind and each["metadata"]["name"] == name]
    if len(found) != 1:
        raise LookupError(f"{len(found)} resources are {kind} {name}")
    return found[0]


def _rename(resources: list[Resource], image: dict[str, str]) -> None:
    found = [
        each for pod in pods(resources) for each in pod["containers"] if each["image"].split(":")[0] == image["name"]
    ]
    if not found:
        raise LookupError(f"no container is of the image {image['name']}")
    for container in found:
        container["image"] = f"{image['newName']}:{image['newTag']}"


def pods(resources: list[Resource]) -> list[Resource]:
    """The pod specifications of all workloads."""
    return [each["spec"]["template"]["spec"] for each in resources if "template" in each.get("spec", {})]


def _delete(resources: list[Resource], resource: Resource, change: Resource) -> None:
    """The one kind of strategic merge patch that is known here."""
    if change.pop("$patch", "") != "delete" or change["metadata"]["name"] != resource["metadata"]["name"]:
        raise LookupError(f"{change} fits nothing")
    resources.remove(resource)


def _apply(resource: Resource, operation: dict[str, Any]) -> None:
    """One operation of a JSON Patch (RFC 6902): `replace` wants something to be there."""
    *parents, last = operation["path"].strip("/").split("/")
    place: Any = resource
    for name in parents:
        place = place[name]
    key = int(last) if isinstance(place, list) else last
    there = key < len(place) if isinstance(key, int) else key in place
    if operation["op"] not in {"add", "replace"} or (operation["op"] == "replace" and not there):
        raise LookupError(f"{operation} fits nothing")
    place[key] = operation["value"]
