# Log files that are written by programs which do not rotate them. Sourced by entrypoint.sh of
# services/nginx and services/pgbouncer; the figures are those of app.log.

MAX_LOG_BYTES=67108864 # 64 MiB still open in an editor
KEPT_LOGS=5            # with the current one under 400 MiB

too_long() { # too_long FILE: a regular file over the limit
    [ ! -L "$1" ] && [ -f "$1" ] && [ "$(stat -c %s "$1")" -gt "$MAX_LOG_BYTES" ]
}

rotate() { # rotate FILE: FILE.1 is the newest that is kept; the program has to be told to open FILE anew
    older=$((KEPT_LOGS - 1))
    while [ "$older" -ge 1 ]; do
        [ ! -e "$1.$older" ] || mv -f "$1.$older" "$1.$((older + 1))"
        older=$((older - 1))
    done
    mv -f "$1" "$1.1"
}
