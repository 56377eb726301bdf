#!/bin/sh
# install.sh [PACKAGE…]: the system packages that the tests and the stack need and that are missing.
# As root or with a sudo that asks nothing they are installed; no service is started or enabled by it.
set -eu

has() { # has PACKAGE: by its program, so that other systems and hand-made installations count
    case $1 in
        postgresql) ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null ;;
        nginx | pgbouncer) command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] ;;
        nodejs) command -v node >/dev/null || command -v nodejs >/dev/null ;;
        npm) command -v npm >/dev/null ;;
        wrk) command -v wrk >/dev/null ;;
        chromium) command -v chromium >/dev/null || command -v chromium-browser >/dev/null ;;
        docker.io) command -v dockerd >/dev/null || [ -x /usr/sbin/dockerd ] ;;
        docker-cli) command -v docker >/dev/null ;;
        debootstrap) command -v debootstrap >/dev/null || [ -x /usr/sbin/debootstrap ] ;;
        python3-venv) python3 -c 'import ensurepip, venv' 2>/dev/null ;;
        fonts-noto-color-emoji) [ -e /usr/share/fonts/truetype/noto/NotoColorEmoji.ttf ] ;;
        fonts-dejavu-core) [ -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ] ;;
    esac
}

[ $# -gt 0 ] || set -- nginx pgbouncer postgresql chromium fonts-noto-color-emoji fonts-dejavu-core python3-venv nodejs npm wrk
missing=
for package in "$@"; do
    has "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif sudo -n true 2>/dev/null; then
    as_root='sudo -n'
else
    echo "missing:$missing. Install with: sudo apt-get install$missing" >&2
    exit 1
fi
command -v apt-get >/dev/null || {
    echo "missing:$missing. They are Debian's names; install their like and try again." >&2
    exit 1
}

echo "installing$missing" >&2
# shellcheck disable=SC2086  # $as_root and $missing are lists of words
exec $as_root sh -eu -c '
    policy=/usr/sbin/policy-rc.d clusters=/etc/postgresql-common/createcluster.conf
    restore() {
        [ -z "${own_policy-}" ] || rm -f "$policy"
        [ -z "${kept_clusters-}" ] || mv "$kept_clusters" "$clusters"
    }
    trap restore EXIT
    trap "exit 1" INT TERM
    # What apt says matters only when it fails.
    apt() { said=$(DEBIAN_FRONTEND=noninteractive apt-get -qq -y "$@" 2>&1 </dev/null) || { echo "$said" >&2; exit 1; }; }
    get() { apt --no-install-recommends -o Dpkg::Use-Pty=0 install "$@"; }

    # What invoke-rc.d asks before it starts a service; 101 is "not allowed" (Debian policy).
    if [ ! -e "$policy" ]; then
        own_policy=yes
        printf "#!/bin/sh\nexit 101\n" >"$policy"
        chmod 755 "$policy"
    fi
    apt update
    case " $* " in *" postgresql "*)
        # The tests make their own clusters; the package would make and start one for the system.
        get postgresql-common
        kept_clusters=$clusters.before-tests
        cp -p "$clusters" "$kept_clusters"
        echo "create_main_cluster = false" >>"$clusters"
        ;;
    esac
    get "$@"
    for service in nginx pgbouncer postgresql docker.io; do
        case " $* " in *" $service "*)
            ! command -v systemctl >/dev/null || systemctl --quiet disable "${service%.io}" >/dev/null 2>&1 || true ;;
        esac
    done
' install $missing
