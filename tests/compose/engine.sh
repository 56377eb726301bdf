#!/bin/sh
# engine.sh start|images|stop: a Docker engine with Compose, and what the images are built on.
#
#   start    install (Debian, root) and start what is missing; says `started` if it started the engine
#   images   PYTHON_IMAGE=… and so on, a line each: the official ones where they are here or can be
#            pulled, else stand-ins of our own, made from Debian packages (root)
#   stop     stop the engine that `start` started
set -eu
here=$(cd "$(dirname "$0")" && pwd)
suite=trixie
cache=/var/cache/shoebox-tests
root=$cache/$suite
log=$cache/dockerd.log
pid=$cache/dockerd.pid
STAND_IN=shoebox-standin
plugins=/usr/local/lib/docker/cli-plugins

mirror() { apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -v security | head -n 1; }

debian() { # a small Debian in $root, from the mirror that apt uses here
    [ ! -e "$root/complete" ] || return 0
    sh "$here/../install.sh" debootstrap
    rm -rf "$root"
    mkdir -p "$cache"
    debootstrap --variant=minbase "$suite" "$root" "$(mirror)" >"$cache/debootstrap.log" 2>&1 || {
        tail -n 20 "$cache/debootstrap.log" >&2
        exit 1
    }
    touch "$root/complete"
}

has_plugins() { docker compose version >/dev/null 2>&1 && docker buildx version >/dev/null 2>&1; }

add_plugins() { # of the newer Debian: the older one's Compose is another program
    debian
    chroot "$root" sh -ec 'apt-get -qq update; cd /tmp; apt-get -qq download docker-compose docker-buildx'
    for package in "$root"/tmp/docker-*.deb; do dpkg -x "$package" "$root/tmp/plugins"; done
    install -D -t "$plugins" "$root"/tmp/plugins/usr/libexec/docker/cli-plugins/docker-*
    rm -rf "$root"/tmp/*
}

start() {
    docker info >/dev/null 2>&1 || sh "$here/../install.sh" docker.io
    # Since trixie a package of its own.
    command -v docker >/dev/null || sh "$here/../install.sh" docker-cli
    has_plugins || add_plugins >&2
    ! docker info >/dev/null 2>&1 || return 0
    mkdir -p "$cache"
    # A session of its own: a Ctrl-C is for the tests.
    setsid dockerd --pidfile "$pid" >"$log" 2>&1 </dev/null &
    ours=$!
    for _ in $(seq 240); do
        if docker info >/dev/null 2>&1; then
            # Or it is somebody else's, who started one at the same time, and stops it.
            [ "$(cat "$pid")" != "$ours" ] || echo started
            return 0
        fi
        sleep 0.5
    done
    tail -n 20 "$log" >&2
    return 1
}

here_or_pulled() { docker image inspect "$1" >/dev/null 2>&1 || timeout 300 docker pull --quiet "$1" >/dev/null 2>&1; }

stand_in() { # stand_in NAME PROGRAM: keeps the official image's contract as far as we rely on it
    ! docker image inspect "$1" >/dev/null 2>&1 || return 0
    case $2 in
        debian)
            debian
            tar -C "$root" --exclude='./tmp/*' --exclude='./var/cache/apt/archives/*.deb' --exclude=./complete -c . |
                docker import --change 'CMD ["bash"]' - "$1" >/dev/null
            ;;
        *)
            stand_in "$STAND_IN-debian:$suite-slim" debian
            context=$(mktemp -d)
            cp "$here/standins/$2"/* "$context"
            # The certificates that this machine trusts, and the package index it uses.
            cp /etc/ssl/certs/ca-certificates.crt "$context/ca.crt" 2>/dev/null || : >"$context/ca.crt"
            docker build --quiet --tag "$1" --build-arg "PIP_INDEX_URL=${PIP_INDEX_URL:-}" "$context" >/dev/null
            rm -rf "$context"
            ;;
    esac
}

images() {
    for image in DEBIAN_IMAGE=debian:trixie-slim PYTHON_IMAGE=python:3.13-slim NGINX_IMAGE=nginx:1.28 POSTGRES_IMAGE=postgres:17; do
        name=${image#*=}
        if ! here_or_pulled "$name"; then
            stand_in "$STAND_IN-$name" "${name%%:*}" >&2
            name=$STAND_IN-$name
        fi
        echo "${image%%=*}=$name"
    done
}

stop() {
    [ -s "$pid" ] || return 0
    kill "$(cat "$pid")"
    for _ in $(seq 240); do
        [ -e "$pid" ] || return 0
        sleep 0.5
    done
}

case ${1-} in
    start | images | stop) "$1" ;;
    *) sed -n '2,8s/^# \{0,1\}//p' "$0" && exit 2 ;;
esac
