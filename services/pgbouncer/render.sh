#!/bin/sh
# render.sh FOLDER: write FOLDER/pgbouncer.ini and FOLDER/userlist.txt from the settings.
# Both hold passwords: they are readable by their owner only.
set -eu
umask 077
here=$(dirname "$0")
. "${SETTINGS_SH:-$here/../settings.sh}"

out=${1:?usage: render.sh FOLDER}
default POSTGRES_HOST 127.0.0.1
default POSTGRES_DB_PORT "${POSTGRES_PORT:-5432}"
default POSTGRES_DB shoebox
default POSTGRES_USER shoebox
default PGBOUNCER_LISTEN 127.0.0.1
default PGBOUNCER_PORT 6432
default MAX_CLIENT_CONN 400
default DEFAULT_POOL_SIZE 20
default LOG_DIR "$PWD/logs"
secret POSTGRES_PASSWORD
secret PGBOUNCER_PASSWORD
default PGBOUNCER_USER "$POSTGRES_USER"
default PGBOUNCER_PASSWORD "$POSTGRES_PASSWORD"

host POSTGRES_HOST
port POSTGRES_DB_PORT
name POSTGRES_DB
name POSTGRES_USER
host PGBOUNCER_LISTEN
port PGBOUNCER_PORT
name PGBOUNCER_USER
whole MAX_CLIENT_CONN 10 100000
whole DEFAULT_POOL_SIZE 1 1000
folder LOG_DIR
one_line POSTGRES_PASSWORD
one_line PGBOUNCER_PASSWORD
[ -n "$PGBOUNCER_PASSWORD" ] || complain "PGBOUNCER_PASSWORD='' is not usable: allowed is a password (or PGBOUNCER_PASSWORD_FILE)"
settled

doubled() { # doubled CHARACTER TEXT: how both files escape their quote
    QUOTE=$1 TEXT=$2 awk 'BEGIN { text = ENVIRON["TEXT"]; gsub(ENVIRON["QUOTE"], "&&", text); printf "%s", text }'
}

mkdir -p "$out" "$LOG_DIR/pgbouncer"
DATABASE_LINE="$POSTGRES_DB = host=$POSTGRES_HOST port=$POSTGRES_DB_PORT dbname=$POSTGRES_DB user=$POSTGRES_USER"
DATABASE_LINE="$DATABASE_LINE password='$(doubled "'" "$POSTGRES_PASSWORD")'"
USERLIST="$out/userlist.txt"
export DATABASE_LINE USERLIST
printf '"%s" "%s"\n' "$PGBOUNCER_USER" "$(doubled '"' "$PGBOUNCER_PASSWORD")" >"$USERLIST"
fill "$here/pgbouncer.ini.template" >"$out/pgbouncer.ini"
