#!/bin/sh
# prepare.sh: what has to be there before the first service starts: the secrets of this installation,
# and folders that the services may write to. Run as root, without a network; it ends at once.
set -eu
umask 022

: "${PUID:?}" "${PGID:?}"
problems=0

secret() { # secret NAME VALUE: the value given, the one kept from the first start, or a new one
    file=/run/secrets/$1
    [ -z "$2" ] || printf '%s\n' "$2" >"$file.new"
    if [ -z "$2" ] && [ ! -s "$file" ]; then
        head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"$file.new"
    fi
    [ ! -e "$file.new" ] || mv "$file.new" "$file"
}

writable() { # as the services are: no capability helps them
    as_they=
    [ "$(id -u)" -eq "$PUID" ] || as_they="setpriv --reuid $PUID --regid $PGID --clear-groups --inh-caps=-all"
    $as_they sh -c 'file=$(mktemp "$1/.try-XXXXXX") && rm "$file"' sh "$1" 2>/dev/null
}

folder() { # folder PATH "as the host calls it"
    mkdir -p "$1"
    # Where the host forbids it, the folder may still be writable.
    [ "$(stat -c %u "$1")" -eq "$PUID" ] || chown -R "$PUID:$PGID" "$1" 2>/dev/null || true
    writable "$1" && return
    echo "prepare: cannot write to $2 as user $PUID. On the host: sudo chown -R $PUID:$PGID '$2'" >&2
    problems=$((problems + 1))
}

secret postgres_password "${POSTGRES_PASSWORD:-}"
secret pgbouncer_password "${PGBOUNCER_PASSWORD:-}"
secret secret_key "${SECRET_KEY:-}"

folder /host/img_storage "$HOST_IMAGES"
folder /host/logs "$HOST_LOGS"
folder /host/logs/nginx "$HOST_LOGS/nginx"
folder /host/logs/pgbouncer "$HOST_LOGS/pgbouncer"
folder /host/backups "$HOST_BACKUPS"
folder /host/lists "the volume lists"
[ "$problems" -eq 0 ]
