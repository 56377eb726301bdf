#!/bin/sh
# entrypoint.sh: Nginx in a container. WORKERS_HOST is a name behind which containers come and go:
# the template is filled with the addresses it has now, and filled again whenever they change.
# (Nginx itself follows names only from 1.27.3 on; this works with every one.)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../rotate.sh"

LOOK=0.5           # seconds between two looks at the addresses: quicker than a client is impatient
LOOKS_A_MINUTE=120 # logs are looked at once a minute
name=${WORKERS_HOST:-web}
out=${RUN_DIR:?}/conf

addresses() { # of all containers behind the name, with commas; IPv6 in brackets
    getent ahosts "$name" | awk '$2 == "STREAM" { print ($1 ~ /:/) ? "[" $1 "]" : $1 }' | sort -u | paste -s -d , -
}

# Nobody behind the name yet: Nginx serves pages and pictures and answers 502 for the rest.
render() { WORKERS_HOST=${1:-127.0.0.1} sh "$here/render.sh" "$out"; }

follow() { # follow ADDRESSES: reload when others take their place. A name that nobody has is no news.
    known=$1 looks=0
    while sleep "$LOOK"; do
        found=$(addresses)
        if [ -n "$found" ] && [ "$found" != "$known" ]; then
            echo "workers are at $found" >&2
            render "$found" && kill -HUP $$ && known=$found
        fi
        looks=$(((looks + 1) % LOOKS_A_MINUTE))
        [ "$looks" -ne 0 ] || rotate_logs
    done
}

rotate_logs() {
    for log in "$LOG_DIR/nginx/access.log" "$LOG_DIR/nginx/error.log"; do
        if too_long "$log"; then rotate "$log" && kill -USR1 $$; fi
    done
}

# A network that is just being made knows no names for a moment; nobody hears an error for that.
first=''
for _ in 1 2 3 4 5 6 7 8 9 10; do
    first=$(addresses || true)
    [ -z "$first" ] || break
    sleep 0.1
done
render "$first"
set +e
follow "$first" &
exec nginx -e stderr -c "$out/nginx.conf"
