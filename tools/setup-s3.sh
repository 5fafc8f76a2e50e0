#!/bin/sh
# The tests need a real S3 service: versitygw (Apache-2.0), built once by Go into .servers/bin. Without Go its tests are
# named as not run.
set -eu
version=v1.8.0
target=.servers/bin/versitygw-$version
if [ -x "$target" ]; then exit 0; fi
go=$(command -v go || true)
for candidate in "$go" /usr/local/go/bin/go /usr/lib/go*/bin/go; do
    if [ -x "$candidate" ]; then go=$candidate; break; fi
done
if [ -z "$go" ]; then
    echo "Go is not here: the tests that need an S3 service will not run"
    exit 0
fi
echo "Building versitygw $version, once (two minutes)"
mkdir -p .servers/bin
building=$(mktemp -d .servers/build.XXXXXX)
trap 'rm -rf "$building"' EXIT
GOBIN="$PWD/$building" GOFLAGS="-buildvcs=false ${GOFLAGS:-}" "$go" install -ldflags '-s -w' \
    "github.com/versity/versitygw/cmd/versitygw@$version"
mv "$building/versitygw" "$target"
