#!/bin/sh
# make.sh backup | restore: what `make backup` and `make restore FILE=…` do. In the containers if
# they run here and no STATE_DIR is given, else for the stack or the embedded service of this checkout.
set -eu

command=$1
set -- "$command"
if [ "$command" = restore ]; then
    [ -n "${FILE:-}" ] || {
        echo "make restore: FILE='' is not usable: allowed is a backup: make restore FILE=backups/shoebox-2026-11-20T10-30-00Z" >&2
        exit 78
    }
    FILE=${FILE%/}
    set -- "$@" "$FILE"
    [ -z "${FORCE:-}" ] || set -- "$@" --force
fi

in_containers() {
    [ -z "${STATE_DIR:-}" ] && command -v docker >/dev/null &&
        [ -n "$(docker compose ps --quiet --status running backup 2>/dev/null)" ]
}

if in_containers; then
    # The folder of backups has another path in there; a backup's name is the same.
    [ "$command" = backup ] || { shift 2 && set -- restore "${FILE##*/}" "$@"; }
    exec docker compose exec -T backup python3 -m shoebox "$@"
fi
${MAKE:-make} --no-print-directory --silent installed
exec .venv/bin/python -m tests.stack.backups "$@"
