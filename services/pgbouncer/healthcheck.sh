#!/bin/sh
# healthcheck.sh: log in as the workers do and ask PostgreSQL something.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../settings.sh"

secret POSTGRES_PASSWORD
secret PGBOUNCER_PASSWORD
export PGPASSWORD="${PGBOUNCER_PASSWORD:-$POSTGRES_PASSWORD}" PGCONNECT_TIMEOUT=4
answer=$(psql --no-psqlrc --quiet --tuples-only --no-align --host 127.0.0.1 --port "${PGBOUNCER_PORT:-6432}" \
    --username "${PGBOUNCER_USER:-${POSTGRES_USER:-shoebox}}" --dbname "${POSTGRES_DB:-shoebox}" --command 'SELECT 1')
[ "$answer" = 1 ]
