#!/bin/sh
# The tests of search need a real Elasticsearch. It is put together from Maven Central into .servers, 
# once. Without a JDK and Maven nothing happens: the tests then say that they were not run.
# Usage: sh tools/setup-elasticsearch.sh [8.19.21]. Version 9 needs Java 21 or newer.
set -eu

version=${1:-8.19.21}
target=.servers/elasticsearch-$version
[ -f "$target/java" ] && exit 0

wanted=17
case $version in 9.*) wanted=21 ;; esac

find_jdk() {
    for candidate in "${JAVA_HOME:-/none}" /usr/lib/jvm/* /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home; do
        [ -x "$candidate/bin/javac" ] || continue
        number=$("$candidate/bin/javac" -version 2>&1 | sed 's/^javac \([0-9]*\).*/\1/')
        if [ "$number" -ge "$wanted" ]; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

if ! jdk=$(find_jdk) || ! command -v mvn >/dev/null; then
    echo "Elasticsearch $version not set up: no JDK $wanted or newer, or no Maven"
    exit 0
fi

echo "Putting together Elasticsearch $version for the tests"
making=$target.making
rm -rf "$making"
mkdir -p "$making/lib" "$making/node" "$making/modules/transport-netty4"
JAVA_HOME=$jdk mvn -B -q -f tools/elasticsearch/pom.xml -Dserver="$version" dependency:copy-dependencies \
    -DoutputDirectory="$PWD/$making/lib"
mv "$making"/lib/netty-*.jar "$making"/lib/transport-netty4-*.jar "$making/modules/transport-netty4"
printf '%s\n' name=transport-netty4 description=- version="$version" elasticsearch.version="$version" java.version=17 \
    classname=org.elasticsearch.transport.netty4.Netty4Plugin \
    >"$making/modules/transport-netty4/plugin-descriptor.properties"
"$jdk/bin/javac" -nowarn -cp "$making/lib/*" -d "$making/node" tools/elasticsearch/TestNode.java
echo "$jdk/bin/java" >"$making/java"
rm -rf "$target"
mv "$making" "$target"
