#!/bin/sh
# Compiles the short lists (*.in) into pinned files with hashes, for all platforms.
set -eu
.venv/bin/python -m pip install --quiet --disable-pip-version-check uv
for name in requirements requirements-dev requirements-postgresql requirements-cedar requirements-xapian requirements-schemathesis; do
    .venv/bin/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --custom-compile-command "make requirements" "$name.in" -o "$name.txt"
done
