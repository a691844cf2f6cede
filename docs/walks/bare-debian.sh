#!/usr/bin/env bash
# README's two commands on a bare Debian: a fresh root folder with the packages that README names, and no others.
# Needs: root, debootstrap, and the package indexes that this machine uses. Takes some minutes; writes into a temporary
# folder alone. WALK=demo leaves the tests out, DEBIAN=trixie takes another release, MIRROR names where it comes from,
# FOLDERS names folders of this machine that its pip settings read from.
set -euo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
say() { printf '\n== %s\n' "$*"; }
[ "$(id -u)" = 0 ] && command -v debootstrap >/dev/null || { say "not walked: this takes root and debootstrap"; exit 77; }
place=$(mktemp -d)
trap 'rm -rf --one-file-system "$place"' EXIT
root=$place/debian

say "a bare Debian, with the packages that README names"
packages=$(sed -n 's/.*apt install \([a-z0-9 -]*\)`.*/\1/p' "$here/README.md" | head -1)
debootstrap --variant=minbase --include="ca-certificates,${packages// /,}" "${DEBIAN:-bookworm}" "$root" ${MIRROR:-} >"$place/log" ||
  { tail "$place/log"; exit 1; }

say "a copy of what is committed, as a repository of its own; this machine's addresses, certificates and pip settings"
git clone --quiet --no-local --bare "$here" "$root/srv/coldframe.git"
mkdir -p "$root/srv/walks" && cp "$here/docs/walks/embedded.sh" "$root/srv/walks/"
for each in /etc/resolv.conf /etc/hosts /etc/pip.conf /etc/xdg/pip /etc/ssl/certs/ca-certificates.crt; do
  [ ! -e "$each" ] || { mkdir -p "$root$(dirname "$each")" && cp -rL "$each" "$root$(dirname "$each")/"; }
done

say "README's commands in it"
export root place FOLDERS=${FOLDERS:-} WALK=${WALK:-}
unshare --mount --pid --fork bash -ec '
  mount --make-rprivate /
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  for each in $FOLDERS; do mkdir -p "$root$each"; mount --bind "$each" "$root$each"; done
  settings=$(env | grep "^PIP_" || true)
  exec chroot "$root" env -i HOME=/root PATH=/usr/bin:/bin LANG=C.UTF-8 SOURCE=/srv/coldframe.git WALK="$WALK" $settings \
    bash /srv/walks/embedded.sh
'
say "walked to its end"
