"""Settings are read once, all problems are told together."""

from __future__ import annotations

from pathlib import Path

import pytest

from shoebox.config import SETTINGS, ConfigError, load

BAD_VALUES = {
    "PORT": "70000",
    "BIND": "not a host",
    "WEB_SERVER_WORKERS": "0",
    "WEB_SERVER_START_PORT": "x",
    "DECODERS": "-1",
    "MAX_CONCURRENCY": "1.5",
    "PUBLIC_URL": "pictures.example",
    "TRUSTED_PROXIES": "10.0.0.0/40",
    "CORS_ORIGINS": "https://a.example/path",
    "RATE_LIMIT": "many",
    "RELOAD": "perhaps",
    "ENVIRONMENT": "two words",
    "MAX_FILE_SIZE": "20M",
    "MAX_PIXELS": "0",
    "KEEP_METADATA": "2",
    "STORAGE": "tape",
    "POSTGRES_HOST": "a b",
    "POSTGRES_DB_PORT": "0",
    "POSTGRES_DB": "a b",
    "POSTGRES_USER": "a'b",
    "USE_PGBOUNCER": "maybe",
    "PGBOUNCER_HOST": "a b",
    "PGBOUNCER_PORT": "99999",
    "PGBOUNCER_USER": "a b",
    "MAX_CLIENT_CONN": "1",
    "DEFAULT_POOL_SIZE": "0",
    "LOG_LEVEL": "LOUD",
    "LOG_FORMAT": "xml",
}


def problems(env: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load(env)
    return caught.value.problems


def test_nothing_set_is_a_working_configuration() -> None:
    config = load({})
    assert config.database.postgres is None
    assert config.server.port == 8080


@pytest.mark.parametrize(("variable", "value"), BAD_VALUES.items())
def test_a_bad_value_is_one_line_with_the_variable_the_value_and_what_is_allowed(variable: str, value: str) -> None:
    (line,) = problems({variable: value})
    allowed = next(setting.allowed for setting in SETTINGS if setting.name == variable)
    assert variable in line
    assert value in line
    assert allowed in line


def test_all_problems_are_told_together() -> None:
    assert len(problems(BAD_VALUES)) == len(BAD_VALUES)


def test_an_empty_value_counts_as_absent() -> None:
    assert load({"PORT": "", "POSTGRES_HOST": ""}) == load({})


@pytest.mark.parametrize(
    ("alias", "name", "value"),
    [(alias, setting.name, "5000" if "PORT" in alias else "old") for setting in SETTINGS for alias in setting.aliases],
)
def test_an_older_name_means_the_same(alias: str, name: str, value: str) -> None:
    postgres = {} if name == "POSTGRES_HOST" else {"POSTGRES_HOST": "db"}
    assert load(postgres | {alias: value}) == load(postgres | {name: value}) != load(postgres)


def test_a_password_may_come_from_a_file_and_is_never_shown(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    config = load({"POSTGRES_HOST": "db", "POSTGRES_PASSWORD_FILE": str(secret)})
    assert config.database.direct is not None
    assert config.database.direct.password == "s3cret"
    (line,) = problems({"POSTGRES_PASSWORD_FILE": str(tmp_path / "absent")})
    assert "POSTGRES_PASSWORD_FILE" in line


def test_pgbouncer_serves_requests_and_migrations_go_directly() -> None:
    config = load({"POSTGRES_HOST": "db", "POSTGRES_PASSWORD": "p", "USE_PGBOUNCER": "true", "PGBOUNCER_HOST": "pool"})
    assert config.database.postgres is not None
    assert config.database.direct is not None
    assert (config.database.postgres.host, config.database.postgres.port) == ("pool", 6432)
    assert (config.database.direct.host, config.database.direct.port) == ("db", 5432)


def test_a_bucket_is_named_and_its_key_has_a_secret(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    given = {"STORAGE": "s3", "AWS_BUCKET_NAME": "pictures", "AWS_ACCESS_KEY_ID": "key", "STORAGE_ALSO": "disk"}
    config = load(given | {"AWS_SECRET_ACCESS_KEY_FILE": str(secret), "S3_ENDPOINT_URL": "http://store:9000/"})
    assert config.storage.s3 is not None
    assert (config.storage.s3.secret_key, config.storage.s3.endpoint) == ("s3cret", "http://store:9000")
    assert "AWS_SECRET_ACCESS_KEY" in problems(given)[0]
    assert "AWS_BUCKET_NAME" in problems({"STORAGE": "s3"})[0]
    assert "STORAGE_ALSO" in problems({"STORAGE_ALSO": "disk"})[0]


def test_workers_ports_must_fit_below_the_last_port() -> None:
    assert "WEB_SERVER_START_PORT" in problems({"WEB_SERVER_START_PORT": "65530", "WEB_SERVER_WORKERS": "10"})[0]


def test_the_visitors_port_may_not_be_a_workers_port() -> None:
    assert "PORT" in problems({"PORT": "9001", "WEB_SERVER_START_PORT": "9000", "WEB_SERVER_WORKERS": "2"})[0]


def test_one_folder_may_hold_all_that_a_run_writes(tmp_path: Path) -> None:
    config = load({"STATE_DIR": str(tmp_path)})
    written = [config.images_dir, config.logs.folder, config.database.path]
    assert all(path.is_relative_to(tmp_path) for path in written)
