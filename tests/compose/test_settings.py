"""Every setting can be given to every topology of containers, by its own name, and reaches all who read it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import pytest
import yaml

from tests.compose.kustomize import build
from tests.compose.settings import read_by
from tests.compose.swarm import STACK_FILE
from tests.stack.checkout import CHECKOUT

COMPOSE_FILE: Final = CHECKOUT / "docker-compose.yml"
BASE: Final = CHECKOUT / "deploy" / "kubernetes" / "base"

IMAGE = "the image has its places; what is mounted there is the topology's"
NAMES = "one container finds the other by what the topology calls it"
VOLUME = "it is a volume's, which the topology mounts"
NO_BACKUPS = "nothing takes backups there: docs/operations.md says what does"
# Settings that cannot be given, and why. One that can be given after all must not be listed.
ANYWHERE = {
    "STATE_DIR": IMAGE,
    "FRONTEND_DIR": IMAGE,
    "INIT_SQL_DIR": IMAGE,
    "RUN_DIR": IMAGE,
    "NGINX_LISTEN": IMAGE,
    "PGBOUNCER_LISTEN": IMAGE,
    "S3_CACHE_DIR": VOLUME,
    "DATABASE_PATH": "PostgreSQL is there",
    "USE_PGBOUNCER": "PgBouncer is there",
    "PGBOUNCER_HOST": NAMES,
    "PGBOUNCER_PORT": NAMES,
    "WORKERS_HOST": NAMES,
    "RELOAD": "the source in an image does not change; the profile dev of Compose has it",
}
CLUSTER = ANYWHERE | {
    "IMAGES_DIR": VOLUME,
    "LOG_DIR": "logs are read from the console",
    "BACKUPS_DIR": NO_BACKUPS,
    "BACKUP_SCHEDULE": NO_BACKUPS,
    "BACKUP_KEEP_DAYS": NO_BACKUPS,
    "LIST_CACHE_DIR": "it is for one host: docs/operations.md says why",
    "BIND": "every node listens, or whatever stands before them",
}
EXCEPTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "compose": ANYWHERE | {"POSTGRES_HOST": NAMES, "POSTGRES_DB_PORT": NAMES},
    "swarm": CLUSTER,
    "kubernetes": {name: why for name, why in CLUSTER.items() if name not in {"USE_PGBOUNCER", "PGBOUNCER_HOST"}}
    | {"PORT": "an Ingress or a balancer is in front"},
}


def chosen(environment: Mapping[str, Any]) -> set[str]:
    """Settings that are taken from outside under their own name, or from a file as secrets are."""
    own = {name for name, value in environment.items() if re.match(rf"\$\{{{name}[:}}-]", str(value))}
    return own | {name.removesuffix("_FILE") for name in environment if name.endswith("_FILE")}


def in_stack(text: str, service: str) -> set[str]:
    """Given to a service of a Compose file, or part of what is mounted and published."""
    every = yaml.safe_load(text)["services"]
    places = str([[each.get("volumes"), each.get("ports")] for each in every.values()])
    return chosen(every[service]["environment"]) | set(re.findall(r"\$\{([A-Z0-9_]+)", places))


def in_pod(service: str) -> set[str]:
    """Given to a container of the manifests: by the ConfigMap, where it says all that there is, or the Secret."""
    resources = {(each["kind"], each["metadata"]["name"]): each for each in build(BASE)}
    (container,) = resources["Deployment", service]["spec"]["template"]["spec"]["containers"]
    assert container["envFrom"] == [{"configMapRef": {"name": "shoebox"}}]
    given = set(resources["ConfigMap", "shoebox"]["data"])
    for variable in container["env"]:
        if "secretKeyRef" in variable.get("valueFrom", {}) or variable["name"].endswith("_FILE"):
            given.add(variable["name"].removesuffix("_FILE"))
    return given


@pytest.mark.parametrize(
    ("topology", "service"),
    [
        *[("compose", service) for service in ("web", "backup", "nginx", "pgbouncer")],
        *[("swarm", service) for service in ("web", "nginx", "pgbouncer")],
        *[("kubernetes", service) for service in ("web", "nginx", "pgbouncer")],
    ],
)
def test_every_setting_that_a_service_reads_can_be_given_or_has_a_reason(topology: str, service: str) -> None:
    files = {"compose": COMPOSE_FILE, "swarm": STACK_FILE}
    given = in_pod(service) if topology == "kubernetes" else in_stack(files[topology].read_text(), service)
    wanted = read_by(service)
    assert wanted - given == wanted & set(EXCEPTIONS[topology])


def test_no_exception_is_for_what_no_longer_exists() -> None:
    known = read_by("web") | read_by("nginx") | read_by("pgbouncer")
    for exceptions in EXCEPTIONS.values():
        assert set(exceptions) <= known
