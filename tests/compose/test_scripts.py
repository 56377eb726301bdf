"""What the containers' scripts do, without a container."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.stack.checkout import CHECKOUT

SERVICES = CHECKOUT / "services"


def rotate(log: Path) -> None:
    script = f'. "{SERVICES}/rotate.sh"; MAX_LOG_BYTES=10; if too_long "$1"; then rotate "$1"; fi'
    subprocess.run(["sh", "-euc", script, "sh", str(log)], check=True)


def test_a_long_log_makes_way_and_the_oldest_goes(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    for number in range(7):
        log.write_text(f"{number} and more than ten bytes")
        rotate(log)
    assert not log.exists()
    assert {path.name: path.read_text()[0] for path in tmp_path.iterdir()} == {
        f"access.log.{age}": str(7 - age) for age in range(1, 6)
    }


def test_a_short_log_stays_and_one_that_is_the_console_too(tmp_path: Path) -> None:
    log, console, long = tmp_path / "access.log", tmp_path / "console.log", tmp_path / "long"
    log.write_text("short")
    long.write_text("more than ten bytes")
    console.symlink_to(long)
    rotate(log)
    rotate(console)
    assert sorted(tmp_path.iterdir()) == sorted([log, console, long])


@pytest.mark.parametrize(
    ("hosts", "tries", "patience"),
    [("web", 3, "3s"), ("10.0.0.2", 3, "3s"), ("10.0.0.2,10.0.0.3, [fd00::4]", 12, "1s")],
)
def test_every_worker_of_every_host_is_asked_and_all_before_a_request_fails(
    tmp_path: Path, hosts: str, tries: int, patience: str
) -> None:
    settings = {"WORKERS_HOST": hosts, "WEB_SERVER_WORKERS": "4", "WEB_SERVER_START_PORT": "8001"}
    subprocess.run(
        ["sh", str(SERVICES / "nginx" / "render.sh"), str(tmp_path)],
        env={"PATH": os.environ["PATH"], "LOG_DIR": str(tmp_path), "IMAGES_DIR": str(tmp_path), **settings},
        check=True,
    )
    text = (tmp_path / "nginx.conf").read_text()
    wanted = [f"{host.strip()}:{8001 + index}" for index in range(4) for host in hosts.split(",")]
    assert re.findall(r"server (\S+) max_fails=0;", text) == wanted
    assert f"proxy_next_upstream_tries {tries};" in text
    assert f"proxy_connect_timeout {patience};" in text


@pytest.mark.parametrize(
    ("image", "asked", "package"),
    [
        ("postgres:17", "", "postgresql-client-17"),
        ("registry.example:5000/x/postgres:17.2-trixie@sha256:ab16", "", "postgresql-client-17"),
        ("postgres:16", "", "postgresql-client-17"),  # not among Debian's: a newer one reads it
        ("postgres:16", "postgresql-client-17", "postgresql-client-17"),
        ("postgres:latest", "postgresql-client-17", "postgresql-client-17"),
        ("postgres:18", "", "POSTGRES_IMAGE='postgres:18' needs postgresql-client-18, which Debian does not have"),
        ("postgres:18", "postgresql-client-17", "POSTGRES_CLIENT='postgresql-client-17' is not usable"),
        (
            "registry.example:5000/postgres",
            "",
            "POSTGRES_IMAGE='registry.example:5000/postgres' does not say its version",
        ),
    ],
)
def test_the_image_for_backups_gets_a_pg_dump_that_its_server_takes_or_is_not_built(
    tmp_path: Path, image: str, asked: str, package: str
) -> None:
    stub = tmp_path / "apt-cache"
    stub.write_text(
        "#!/bin/sh\ncase $* in *search*) echo 'postgresql-client-17 - x' ;; *client-17*) ;; *) exit 100 ;; esac\n"
    )
    stub.chmod(0o755)
    done = subprocess.run(
        ["sh", str(SERVICES / "backup" / "client.sh"), image, asked],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    if package.startswith("postgresql"):
        assert (done.returncode, done.stdout, done.stderr) == (0, f"{package}\n", "")
    else:
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"client.sh: {package}")
