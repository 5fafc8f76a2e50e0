#!/bin/sh
# Schemathesis in an environment of its own: the other side of bench.openapi_fuzz.
set -eu
VENV=.venv-schemathesis exec sh tools/setup.sh requirements-schemathesis.txt
