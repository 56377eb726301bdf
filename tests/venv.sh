#!/bin/sh
# venv.sh PYTHON FOLDER LOCK: the virtual environment in FOLDER with exactly what LOCK pins.
set -eu
python=$1 folder=$2 lock=$3

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Python 3.11 or newer is needed; this is $("$python" --version). Another one: make PYTHON=python3.12" >&2
    exit 1
}
# One that was moved, broken off half-way or left behind by an upgrade of Python is of no use.
if ! "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
    "$python" -c 'import ensurepip, venv' 2>/dev/null || sh "$(dirname "$0")/install.sh" python3-venv
    rm -rf "$folder"
    "$python" -m venv "$folder"
fi
rm -f "$folder/installed-$(basename "$lock" .lock)"-???????????????? # 16 figures of a hash
echo "installing $lock into $folder" >&2
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r "$lock"
# `shoebox` as a command, from this checkout's source.
site=$("$folder/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
(cd "$(dirname "$lock")/src" && pwd) >"$site/shoebox.pth"
printf '#!%s\nfrom shoebox.cli.main import main\n\nraise SystemExit(main())\n' "$(cd "$folder/bin" && pwd)/python" >"$folder/bin/shoebox"
chmod +x "$folder/bin/shoebox"
