#!/bin/sh
# Cedar, by its Python binding, in an environment of its own: the oracle of the policy's evaluator in tests and bench.
set -eu
VENV=.venv-cedar exec sh tools/setup.sh requirements-cedar.txt
