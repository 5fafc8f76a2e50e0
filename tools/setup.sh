#!/bin/sh
# Makes .venv, or the folder named by VENV, and installs into it exactly what the named requirements files pin, by hash.
# Usage: sh tools/setup.sh requirements.txt [requirements-dev.txt …]. Does nothing when all is there already.
set -eu

venv=${VENV:-.venv}

find_python() {
    for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3.14 python3; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "Piaohao needs Python 3.11 or newer, with venv. Name one with: make PYTHON=/path/to/python3" >&2
    return 1
}

if ! "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$(find_python)
    echo "Making $venv with $("$python" --version)"
    rm -rf "$venv"
    "$python" -m venv "$venv"
fi

for file in "$@"; do
    stamp="$venv/.installed-$file"
    if cmp -s "$file" "$stamp"; then continue; fi
    echo "Installing $file"
    # --no-deps: the files name everything. Resolving again, pip 23 takes an unpinned newer coverage[toml] and refuses it.
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: \
        --no-deps --require-hashes -r "$file"
    cp "$file" "$stamp"
done
