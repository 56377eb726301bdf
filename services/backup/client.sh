#!/bin/sh
# client.sh IMAGE [PACKAGE]: the Debian package with the pg_dump for a server of this image, or the
# PACKAGE that was asked for. A pg_dump refuses a server that is newer than itself.
set -eu
image=$1 asked=${2:-}

refuse() { echo "client.sh: $1" >&2 && exit 1; }
version() { expr "$1" : '[^0-9]*\([0-9][0-9]*\)' || true; } # the first number in it

tag=${image##*/}
tag=${tag%%@*}
case $tag in *:*) server=$(version "${tag#*:}") ;; *) server='' ;; esac

if [ -n "$asked" ]; then
    client=$(version "${asked#postgresql-client}")
    if [ -n "$server" ] && [ -n "$client" ] && [ "$client" -lt "$server" ]; then
        refuse "POSTGRES_CLIENT='$asked' is not usable: POSTGRES_IMAGE='$image' needs postgresql-client-$server or a newer one"
    fi
    echo "$asked" && exit
fi
[ -n "$server" ] || refuse "POSTGRES_IMAGE='$image' does not say its version: set POSTGRES_CLIENT=postgresql-client-… to that of its server"
newest=$(apt-cache search --names-only '^postgresql-client-[0-9]+$' | sed 's/^postgresql-client-\([0-9]*\).*/\1/' | sort -n | tail -n 1)
if apt-cache show "postgresql-client-$server" >/dev/null 2>&1; then
    echo "postgresql-client-$server"
elif [ -n "$newest" ] && [ "$newest" -gt "$server" ]; then
    echo "postgresql-client-$newest"
else
    refuse "POSTGRES_IMAGE='$image' needs postgresql-client-$server, which Debian does not have here: choose an image that has it (PYTHON_IMAGE) or an older server"
fi
