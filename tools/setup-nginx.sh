#!/bin/sh
# The tests need a real nginx. One of the system is used when found; on Debian and its like the program is otherwise
# unpacked from its package into .servers, and nothing is installed. Elsewhere its tests are named as not run.
set -eu
target=.servers/nginx
for nginx in "$(command -v nginx || true)" /usr/sbin/nginx /usr/local/sbin/nginx /opt/homebrew/bin/nginx \
    $target/usr/sbin/nginx; do
    if [ -x "$nginx" ]; then exit 0; fi
done
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    echo "nginx is not here: the tests that need it will not run"
    exit 0
fi
echo "Unpacking nginx for the tests"
making=$target.making
rm -rf "$making"
mkdir -p "$making/package"
if [ "$(id -u)" = 0 ]; then apt-get update -qq; fi
(cd "$making/package" && apt-get download -qq nginx) || { rm -rf "$making"; echo "nginx cannot be had"; exit 0; }
dpkg-deb -x "$making"/package/nginx_*.deb "$making"
rm -rf "$making/package" "$target"
mv "$making" "$target"
