#!/bin/sh
# entrypoint.sh: PgBouncer in a container, from the settings in the environment.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../rotate.sh"

LOOK=60 # seconds between two looks at the log
log=${LOG_DIR:?}/pgbouncer/pgbouncer.log

sh "$here/render.sh" "${RUN_DIR:?}"
while sleep "$LOOK"; do
    if too_long "$log"; then rotate "$log" && kill -HUP $$; fi
done &
exec pgbouncer "$RUN_DIR/pgbouncer.ini"
