"""The templates with many settings, good and bad. Nginx checks what is made of its own."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.stack.checkout import CHECKOUT
from tests.stack.nginx import Nginx
from tests.stack.process import StackError

PGBOUNCER = CHECKOUT / "services" / "pgbouncer" / "render.sh"


def nginx_conf(folder: Path, **settings: str) -> str:
    logs = folder / "logs"
    nginx = Nginx(folder / "nginx", first_worker=9000, images_dir=folder, log_folder=logs, port=8081, settings=settings)
    (folder / "nginx").mkdir(exist_ok=True)
    (logs / "nginx").mkdir(parents=True, exist_ok=True)
    for path in (folder / "nginx", logs / "nginx"):
        path.chmod(0o777)
    return nginx.render().read_text()


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"WEB_SERVER_WORKERS": "64", "MAX_CONCURRENCY": "4096"},
        {"TRUSTED_PROXIES": "10.0.0.0/8,2001:db8::/32 , 192.0.2.7"},
        {"MAX_FILE_SIZE": "1073741824", "NGINX_PROCESSES": "3"},
        {"MAX_CONNECTIONS_PER_CLIENT": "0"},
        {"CORS_ORIGINS": "https://a.example, http://[::1]:8080/"},
    ],
    ids=str,
)
def test_nginx_accepts_what_is_made_of_good_settings(state: Path, settings: dict[str, str]) -> None:
    text = nginx_conf(state, **settings)
    workers = int(settings.get("WEB_SERVER_WORKERS", "4"))
    assert re.findall(r"server 127\.0\.0\.1:(\d+) max_fails=0;", text) == [str(9000 + i) for i in range(workers)]
    assert "listen 127.0.0.1:8081 " in text
    assert not re.search("@[A-Z_]+@", text)


def test_the_body_limit_follows_the_file_limit(state: Path) -> None:
    text = nginx_conf(state, MAX_FILE_SIZE="5242880")
    assert f"client_max_body_size {20 * 5242880 + 1024 * 1024};" in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WEB_SERVER_WORKERS", "0"),
        ("WEB_SERVER_WORKERS", "many"),
        ("MAX_FILE_SIZE", "20M"),
        ("MAX_FILE_SIZE", "99999999999999999999"),
        ("TRUSTED_PROXIES", "everybody"),
        ("TRUSTED_PROXIES", "10.0.0.1; }"),
        ("CORS_ORIGINS", "blog.example"),
        ("CORS_ORIGINS", "https://a.example; }"),
        ("FRONTEND_DIR", "relative"),
        ("FRONTEND_DIR", '/a"; root "/etc'),
        ("FRONTEND_DIR", "/a$uri"),
        ("NGINX_PROCESSES", "-1"),
    ],
)
def test_a_bad_setting_stops_nginx_with_a_line_that_names_it(state: Path, name: str, value: str) -> None:
    with pytest.raises(StackError, match=re.escape(f"{name}='{value}' is not usable: allowed is ")) as caught:
        nginx_conf(state, **{name: value})
    assert "\n" not in str(caught.value)


def pgbouncer(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": "/usr/bin:/bin", "LOG_DIR": str(folder / "logs"), **settings}
    command = ["sh", str(PGBOUNCER), str(folder)]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_pgbouncer_gets_its_limits_and_its_passwords_stay_private(tmp_path: Path) -> None:
    done = pgbouncer(tmp_path, POSTGRES_PASSWORD="it's", MAX_CLIENT_CONN="123", DEFAULT_POOL_SIZE="7")
    assert done.returncode == 0
    text = (tmp_path / "pgbouncer.ini").read_text()
    for line in ("max_client_conn = 123", "default_pool_size = 7", "pool_mode = transaction"):
        assert line in text.splitlines()
    for name in ("pgbouncer.ini", "userlist.txt"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_pgbouncer_reads_a_password_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text('a "quoted" secret\n')
    done = pgbouncer(tmp_path, POSTGRES_PASSWORD_FILE=str(tmp_path / "secret"))
    assert done.returncode == 0
    assert (tmp_path / "userlist.txt").read_text() == '"shoebox" "a ""quoted"" secret"\n'


def test_every_bad_setting_of_pgbouncer_is_a_line_and_no_secret_is_shown(tmp_path: Path) -> None:
    done = pgbouncer(tmp_path, POSTGRES_PASSWORD="top\nsecret", PGBOUNCER_PORT="70000", POSTGRES_HOST="a host")
    lines = done.stderr.splitlines()
    assert done.returncode != 0
    assert [line.partition("=")[0] for line in lines] == [
        "POSTGRES_HOST",
        "PGBOUNCER_PORT",
        "POSTGRES_PASSWORD",
        "PGBOUNCER_PASSWORD",
    ]
    assert "secret" not in done.stderr
    assert not (tmp_path / "userlist.txt").exists()


@pytest.mark.parametrize("service", ["nginx", "pgbouncer"])
def test_the_env_sample_documents_every_setting_with_its_default(service: str) -> None:
    folder = CHECKOUT / "services" / service
    used = dict(re.findall(r"^default (\w+) (.*)$", (folder / "render.sh").read_text(), re.MULTILINE))
    used |= dict.fromkeys(re.findall(r"^secret (\w+)$", (folder / "render.sh").read_text(), re.MULTILINE), "''")
    sample = dict(re.findall(r"^#([A-Z0-9_]+)=(.*)$", (folder / ".env.sample").read_text(), re.MULTILINE))
    assert sample.keys() == used.keys()
    for name, default in used.items():
        plain = re.sub(r'"\$\{\w+:-(.*)\}"', r"\1", default)
        assert sample[name] == ("" if "$" in plain or plain == "''" else plain)
