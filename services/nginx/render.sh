#!/bin/sh
# render.sh FOLDER: write FOLDER/nginx.conf and what it includes from the settings.
# Templates cannot loop; what is a line per worker or per proxy is made here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "${SETTINGS_SH:-$here/../settings.sh}"
. "$here/errors.sh"

out=${1:?usage: render.sh FOLDER}
default PORT 8080
default NGINX_LISTEN 127.0.0.1
default NGINX_PROCESSES auto
default MAX_CONNECTIONS_PER_CLIENT 1000
default WORKERS_HOST 127.0.0.1
default WEB_SERVER_WORKERS 4
default WEB_SERVER_START_PORT 8100
default MAX_CONCURRENCY 64
default MAX_FILE_SIZE 20971520
default TRUSTED_PROXIES ''
default CORS_ORIGINS ''
default RUN_DIR "$out"
default LOG_DIR "$PWD/logs"
default IMAGES_DIR "$PWD/img_storage"
default LIST_CACHE_DIR ''
default PUBLIC_URL ''
default STORAGE disk
default STORAGE_ALSO ''
default S3_CACHE_DIR "$RUN_DIR/store"
default S3_CACHE_SIZE 1073741824
default FRONTEND_DIR "$here/../frontend"

port PORT
host NGINX_LISTEN
matching NGINX_PROCESSES 'auto|[1-9][0-9]?' 'auto, or 1 to 99'
whole MAX_CONNECTIONS_PER_CLIENT 0 1000000
matching WORKERS_HOST '[][A-Za-z0-9_.:, -]+' 'host names or addresses, with commas'
whole WEB_SERVER_WORKERS 1 64
port WEB_SERVER_START_PORT
whole MAX_CONCURRENCY 1 4096
whole MAX_FILE_SIZE 1024 1073741824
matching TRUSTED_PROXIES '[0-9A-Fa-f.:/, ]*' 'addresses and networks, with commas'
origin='([*]|https?://[][A-Za-z0-9.:_-]+/?)'
matching CORS_ORIGINS "[, ]*($origin([, ]+$origin)*[, ]*)?" 'origins with commas, or *'
matching STORAGE 'disk|s3' 'disk or s3'
matching STORAGE_ALSO 'disk|s3|' 'disk or s3'
whole S3_CACHE_SIZE 1048576 9999999999999
matching PUBLIC_URL '(https?://[][A-Za-z0-9.:_-]+/?)?' 'http(s)://host[:port]'
for setting in RUN_DIR LOG_DIR IMAGES_DIR FRONTEND_DIR S3_CACHE_DIR; do folder "$setting"; done
[ -z "$LIST_CACHE_DIR" ] || folder LIST_CACHE_DIR
settled

each() { # each FORMAT WORD…: a line of the template for each word
    line_format=$1
    shift
    for word in "$@"; do
        # shellcheck disable=SC2059  # the formats are ours
        printf "$line_format\n" "$word"
    done
}

worker_addresses() { # worker_addresses HOST…: host by host within a port, so that who is asked next is elsewhere
    i=0
    while [ "$i" -lt "$WEB_SERVER_WORKERS" ]; do
        for worker_host in "$@"; do
            echo "$worker_host:$((WEB_SERVER_START_PORT + i))"
        done
        i=$((i + 1))
    done
}

echoed() { # echoed WORD…: a line of a map for each word, from itself to itself
    for word in "$@"; do
        printf '        "%s" "%s";\n' "$word" "$word"
    done
}

words() { # words TEXT: a list with commas as shell words; an origin loses its last slash
    printf '%s ' "$1" | tr ',' ' ' | sed 's|/ | |g'
}

set -f # `*` is a word for any origin here, not the names of files
proxies=$(words "$TRUSTED_PROXIES")
origins=$(words "$CORS_ORIGINS")
ANY_ORIGIN='' VARY='' WELCOME_ORIGINS=''
case " $origins " in
    *' * '*) ANY_ORIGIN='*' ;;
    *[!\ ]*) VARY=Origin WELCOME_ORIGINS=$(echoed $origins) ;;
esac
HERE=$here
OUT=$out
hosts=$(words "$WORKERS_HOST")
WORKERS=$(each '        server %s max_fails=0;' $(worker_addresses $hosts))
TRIES=3 CONNECT_TIMEOUT=3s
set -- $hosts
# Hosts come and go, several at once: whoever is still there must be found among them, and soon.
[ $# -lt 2 ] || TRIES=$(($# * WEB_SERVER_WORKERS)) CONNECT_TIMEOUT=1s
TRUSTED_NETWORKS=$(each '        %s 1;' $proxies)
REAL_IP_FROM=$(each '    set_real_ip_from %s;' $proxies)
# Nginx keeps at most as many idle connections as requests could be in work.
KEEPALIVE=$MAX_CONCURRENCY
# Twenty pictures of the full size pass, with the form around them.
MAX_BODY=$((20 * MAX_FILE_SIZE + 1048576))
RESERVED='api|docs|health|livez|readyz|metrics|images|images-list|upload|delete|thumbs|static|tools|index|favicon|robots|manifest|3'
OPEN_FILES=$(ulimit -Hn)
[ "$OPEN_FILES" != unlimited ] && [ "$OPEN_FILES" -lt 32768 ] || OPEN_FILES=32768
CONNECTIONS=$((OPEN_FILES / 4))
LIMIT_CONNECTIONS=''
if [ "$MAX_CONNECTIONS_PER_CLIENT" -gt 0 ]; then
    LIMIT_CONNECTIONS="
    limit_conn_zone \$binary_remote_addr zone=clients:10m;
    limit_conn clients $MAX_CONNECTIONS_PER_CLIENT;
    limit_conn_status 429;"
fi
LISTS='' LIST_NAMES=''
if [ -n "$LIST_CACHE_DIR" ]; then
    # Where links lead: they begin with this, or with what the visitor's own request was sent to.
    public_base=${PUBLIC_URL%/}
    LIST_NAMES="
    map '' \$public_base { default \"${public_base:-\$public_scheme://\$public_host}\"; }
    include \"$here/snippets/lists.conf\";"
    # No open_file_cache: it would go on giving what was taken away. And what was there when it was
    # looked for may be gone when it is opened: the workers are asked then, too.
    LISTS="
        location = /api/images/ {
            root \"$LIST_CACHE_DIR\";
            try_files /current/\$kept_list @workers;
            access_log \"$LOG_DIR/nginx/access.log\" lines buffer=32k flush=1s;
            access_log \"$LOG_DIR/nginx/lists.count\" one_byte;
            error_page 403 404 405 500 = @workers;
            recursive_error_pages on;
            include \"$out/error_pages.conf\";
            include \"$here/snippets/kept_list.conf\";
            include \"$here/snippets/cors.conf\";
        }"
fi
STORE='' STORE_CACHE=''
case "$STORAGE $STORAGE_ALSO" in
    *s3*)
        # Without a picture's row nobody is led to what is kept here, so that it may be kept for long.
        STORE_CACHE="
    proxy_cache_path \"$S3_CACHE_DIR\" levels=1:2 keys_zone=store:10m max_size=$S3_CACHE_SIZE inactive=7d use_temp_path=off;"
        STORE="
        include \"$here/snippets/store.conf\";"
        # Files of before the move are none of ours any more: deletions do not reach them.
        [ "$STORAGE_ALSO" = disk ] || [ "$STORAGE" = disk ] || IMAGES_DIR=$out/none
        ;;
esac
export LISTS LIST_NAMES STORE STORE_CACHE TRIES CONNECT_TIMEOUT ANY_ORIGIN VARY WELCOME_ORIGINS HERE OUT WORKERS TRUSTED_NETWORKS REAL_IP_FROM KEEPALIVE MAX_BODY RESERVED OPEN_FILES CONNECTIONS LIMIT_CONNECTIONS

mkdir -p "$out" "$RUN_DIR" "$LOG_DIR/nginx"
[ -z "$STORE" ] || mkdir -p "$S3_CACHE_DIR"
error_pages >"$out/error_pages.conf"
errors "$MAX_FILE_SIZE" >"$out/errors.conf"
fill "$here/nginx.conf.template" >"$out/nginx.conf"
