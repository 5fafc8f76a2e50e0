#!/bin/sh
# Xapian's binding in an environment of its own: a peer of bench.search. It is GPL: the product and its tests do without.
set -eu
VENV=.venv-xapian exec sh tools/setup.sh requirements-xapian.txt
