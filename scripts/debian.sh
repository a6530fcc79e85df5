#!/usr/bin/env bash
# Installs what the tests run and cannot build: ZooKeeper and a Java to run it, a
# browser for pages, the protoc that kitgen does without and is compared with, and
# ps, by which kitgen dev finds what a killed one left: from Debian's packages. Does nothing where they are there, and fails where it
# cannot install them: without apt, or without being root.
set -euo pipefail

jar=/usr/share/java/zookeeper.jar # as in internal/servers/zookeeper.go
missing=()
[ -e "$jar" ] || missing+=(zookeeper)
command -v java >/dev/null || missing+=(default-jre-headless)
command -v chromium >/dev/null || missing+=(chromium)
[ -e /usr/include/google/protobuf/struct.proto ] || missing+=(libprotobuf-dev)
command -v protoc >/dev/null || missing+=(protobuf-compiler)
command -v ps >/dev/null || missing+=(procps)
if [ ${#missing[@]} -eq 0 ]; then
	exit
fi

if ! command -v apt-get >/dev/null; then
	echo "debian: ${missing[*]}: missing, and there is no apt-get to install them with; provide java, chromium, protoc, ps and $jar"
	exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "debian: ${missing[*]}: missing; run as root: apt-get install --no-install-recommends ${missing[*]}"
	exit 1
fi
echo "debian: installing ${missing[*]} (a minute, for the download)"
export DEBIAN_FRONTEND=noninteractive
# What is known of the archive may be too old, or nothing at all.
apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null || {
	apt-get update -qq
	apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
}
