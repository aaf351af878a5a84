#!/bin/sh
# Installs the Debian packages of the named sections of packages.txt, and nothing when all are there.
#   tools/lib/install.sh build run
# A section named after a command (go, cargo, npm) counts only where that command is missing, so that a
# machine's own toolchain is left alone. Services that a package brings are not started: the tools start their own.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)

packages_of() {
  awk -v want="[$1]" '/^\[/ { in_it = ($0 == want) } /^[a-z0-9]/ && in_it { print $1 }' "$here/packages.txt"
}

missing=
for section; do
  case $section in
    go | cargo | npm) command -v "$section" >/dev/null 2>&1 && continue ;;
  esac
  for package in $(packages_of "$section"); do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
  done
done
[ -n "$missing" ] || exit 0

echo "installing:$missing" >&2
as_root=
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null 2>&1 || {
    echo "not root and no sudo here; as root, run: apt-get install --no-install-recommends$missing" >&2
    exit 3
  }
  as_root="sudo"
fi

policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
  $as_root chmod 755 $policy
  trap '$as_root rm -f $policy' EXIT INT TERM
fi
apt="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3"
# shellcheck disable=SC2086
{
  $apt update
  $apt install -y --no-install-recommends $missing
} >&2
