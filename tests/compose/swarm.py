"""A swarm of one node, and our stack files on it, with the pictures in a bucket."""

from __future__ import annotations

import json
import secrets
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import yaml

from tests.compose.docker import docker, insist, wait_for
from tests.stack.checkout import CHECKOUT
from tests.stack.process import StackError

STACK_FILE: Final = CHECKOUT / "deploy" / "swarm" / "stack.yml"
PATIENCE: Final = 480.0  # seconds for whatever a swarm is asked for; far more than it takes, on a busy machine too
IN_A_BUCKET: Final = STACK_FILE.with_name("s3.yml")
SECRETS: Final = ("shoebox_postgres_password", "shoebox_pgbouncer_password", "shoebox_secret_key")
KEY: Final = {
    "shoebox_aws_access_key_id": "AWS_ACCESS_KEY_ID",
    "shoebox_aws_secret_access_key": "AWS_SECRET_ACCESS_KEY",
}
ANY_NODE: Final = "node.platform.os == linux"


class Swarm:
    """`with Swarm(images) as swarm:` runs the stack with two workers a container until the block ends.
    The images are those of tests/compose/store, too.

    No port is published: a swarm publishes on every address of the machine. The front network is
    open to other containers instead.
    """

    def __init__(self, images: Mapping[str, str]) -> None:
        self.name: Final = f"shoebox-test-{secrets.token_hex(4)}"
        self._images = images
        self._founded = False

    def deploy(self, tag: str) -> None:
        """`docker stack deploy` of our images with this tag; returns at once."""
        environment = {**self._images, "SHOEBOX_TAG": tag, "WEB_SERVER_WORKERS": "2", "PICTURES_CONSTRAINT": ANY_NODE}
        for name in KEY.values():  # a secret here
            del environment[name]
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for file, content in ((STACK_FILE, self._stack()), (IN_A_BUCKET, self._own(IN_A_BUCKET))):
                copy = Path(folder) / file.name
                copy.write_text(yaml.safe_dump(content))
                files.append(f"--compose-file={copy}")
            # A swarm that is just noting something else about a service refuses.
            _insist("stack", "deploy", "--resolve-image=never", *files, self.name, env=environment)

    def _own(self, file: Path) -> dict[str, Any]:
        stack: dict[str, Any] = yaml.safe_load(file.read_text())
        for name in stack["secrets"]:
            stack["secrets"][name]["name"] = f"{self.name}_{name}"
        return stack

    def _stack(self) -> dict[str, Any]:
        stack = self._own(STACK_FILE)
        nginx = stack["services"]["nginx"]
        del nginx["ports"]
        # Virtual addresses need IPVS in the kernel, which test machines may lack.
        nginx["deploy"] = {**nginx["deploy"], "endpoint_mode": "dnsrr"}
        stack["networks"]["front"]["attachable"] = True
        # An operator wants time to look at each; a test does not.
        for service in stack["services"].values():
            service["deploy"]["update_config"] |= {"delay": "1s", "monitor": "2s"}
        stack["services"]["store"] = {
            "image": self._images["STORE_IMAGE"],
            "networks": ["back"],
            "deploy": {"endpoint_mode": "dnsrr"},
        }
        return stack

    def service(self, name: str) -> dict[str, Any]:
        """What the swarm knows of a service."""
        return dict(json.loads(docker("service", "inspect", f"{self.name}_{name}"))[0])

    def update(self, name: str) -> str:
        """How far the last update of a service is: `updating`, `completed`, … or nothing."""
        return str(self.service(name).get("UpdateStatus", {}).get("State", ""))

    def complete(self) -> bool:
        """Whether every service has all its replicas."""
        counts = docker("stack", "services", self.name, "--format", "{{.Replicas}}").splitlines()
        return bool(counts) and all(have == want for have, want in (count.split("/") for count in counts))

    def _wait(self) -> None:
        try:
            wait_for(self.complete, patience=PATIENCE, what="all replicas are there")
        except StackError as error:
            tasks = docker("stack", "ps", "--no-trunc", "--format", "{{.Name}} {{.CurrentState}} {{.Error}}", self.name)
            raise StackError(f"{error}:\n{tasks}") from error

    def kept(self) -> list[str]:
        """Files in the volume of the pictures."""
        mounted = [f"--volume={self.name}_images:/images:ro", "--entrypoint=find"]
        image = f"shoebox-web:{self._images['SHOEBOX_TAG']}"
        return docker("run", "--rm", *mounted, image, "/images", "-type", "f").split()

    @contextmanager
    def load(self) -> Iterator[dict[str, Any]]:
        """Uploads and lists from a container beside ours until the block ends; the dictionary then
        holds what `tests.compose.rolling` saw."""
        image = f"shoebox-web:{self._images['SHOEBOX_TAG']}"
        mounted = [f"--volume={CHECKOUT / 'tests'}:/load/tests:ro", "--env=PYTHONPATH=/load:/shoebox/packages"]
        limits = ["--rm", "--interactive", "--user=root", "--no-healthcheck", f"--network={self.name}_front"]
        command = ["python3", "-m", "tests.compose.rolling", "http://nginx:8080"]
        argv = ["docker", "run", *limits, *mounted, "--entrypoint", command[0], image, *command[1:]]
        seen: dict[str, Any] = {}
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            if running.stdout.readline().strip() != "begun":
                raise StackError("the load does not begin")
            try:
                yield seen
            finally:
                said, _ = running.communicate(timeout=PATIENCE)
            seen.update(json.loads(said))

    def __enter__(self) -> Self:
        try:
            if _state() != "active":
                self._founded = True
                wait_for(_founded, patience=PATIENCE, what="a swarm is founded")
            insist(self._label, patience=PATIENCE)
            for name in SECRETS:
                _insist("secret", "create", f"{self.name}_{name}", "-", given=secrets.token_urlsafe(24))
            for name, setting in KEY.items():
                _insist("secret", "create", f"{self.name}_{name}", "-", given=self._images[setting])
            self.deploy(self._images["SHOEBOX_TAG"])
            self._wait()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    def _remove(self) -> None:
        ours = ["--filter", f"label=com.docker.stack.namespace={self.name}"]
        try:
            _insist("stack", "rm", self.name)
            for kind, listed in (("containers", ("ps", "-aq")), ("networks", ("network", "ls", "-q"))):
                wait_for(_none(*listed, *ours), patience=PATIENCE, what=f"the {kind} are gone")
            for name in (*SECRETS, *KEY):
                _insist("secret", "rm", f"{self.name}_{name}")
            for volume in docker("volume", "ls", "-q", *ours).split():
                _insist("volume", "rm", "--force", volume)
        finally:
            if self._founded:
                wait_for(_left, patience=PATIENCE, what="the swarm is left")
                wait_for(_unbridged, patience=PATIENCE, what="the bridge of the swarm is gone")
            else:
                docker("node", "update", "--label-rm", "shoebox", _node())

    @staticmethod
    def _label() -> None:
        docker("node", "update", "--label-add", "shoebox=storage", _node())


def _none(*listing: str) -> Callable[[], bool]:
    return lambda: not docker(*listing)


def _state() -> str:
    return docker("info", "--format", "{{.Swarm.LocalNodeState}}").strip()


def _node() -> str:
    return docker("info", "--format", "{{.Swarm.NodeID}}").strip()


def _founded() -> bool:
    """Found one. A busy engine says "Timeout was reached" and goes on by itself."""
    if _state() == "inactive":
        docker("swarm", "init", "--advertise-addr", "127.0.0.1")
    return _state() == "active"


def _left() -> bool:
    """Leave the swarm. A busy engine says "context deadline exceeded" and leaves later, or when asked again."""
    with suppress(StackError):
        docker("swarm", "leave", "--force")
    return _state() == "inactive"


def _unbridged() -> bool:
    """Remove what leaving does not; an endpoint without a container sometimes holds it (moby/moby#37018)."""
    with suppress(StackError):
        docker("network", "disconnect", "--force", "docker_gwbridge", "gateway_ingress-sbox")
    with suppress(StackError):
        docker("network", "rm", "docker_gwbridge")
    return not docker("network", "ls", "--quiet", "--filter", "name=docker_gwbridge")


def _insist(*argv: str, env: Mapping[str, str] | None = None, given: str | None = None) -> None:
    insist(lambda: docker(*argv, env=env, given=given), patience=PATIENCE)
