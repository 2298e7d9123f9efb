#!/bin/sh
# try-deb.sh: looks at the Debian package in dist/ by lintian, then installs, uses, removes and purges it
# in a bare Debian in build/bare-debian, which is made once by debootstrap. As root, and in namespaces
# that end with it. SUITE: the Debian whose Python has the minor version of the package's.
set -eu
cd "$(dirname "$0")/.."
suite=${SUITE:-bookworm}
package=$(realpath dist/p2claw_*_"$(dpkg --print-architecture)".deb)
base=$PWD/build/bare-debian/$suite
root=$PWD/build/bare-debian/tried

lintian --fail-on error "$package"

if [ ! -e "$base.made" ]; then
  rm -rf "$base"
  mkdir -p "${base%/*}"
  debootstrap --variant=minbase "$suite" "$base" >"$base.log" || { tail "$base.log" >&2; exit 1; }
  touch "$base.made"
fi
rm -rf "$root"
cp -a "$base" "$root"
cp "$package" scripts/try_program.py p2claw/demo_app/media/film.webm "$root/tmp"
cp /etc/resolv.conf "$root/etc"

unshare --mount --pid --fork --kill-child chroot "$root" sh -eu <<'INSIDE'
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
mount -t proc proc /proc
mount -t tmpfs shm /dev/shm
quietly() { "$@" >/tmp/log 2>&1 || { cat /tmp/log >&2; exit 1; }; }
ours() {
  find / -xdev -path /proc -prune -o -path /tmp -prune -o -iname '*p2claw*' -print
  getent passwd p2claw || true
}
want_nothing() { [ -z "$1" ] || { echo "$2: $1" >&2; exit 1; }; }

quietly apt-get update
quietly apt-get install --yes --no-install-recommends /tmp/p2claw_*.deb
p2claw --version
test -s /usr/share/man/man1/p2claw.1.gz
test -s /usr/share/bash-completion/completions/p2claw
getent passwd p2claw >/dev/null
python3 /tmp/try_program.py /usr/bin/p2claw /tmp/film.webm
# What a server leaves behind.
install -d -o p2claw /var/lib/p2claw /var/lib/p2claw/server
mkdir /etc/p2claw
echo '[server]' >/etc/p2claw/p2claw.toml
mkdir -p /etc/systemd/system
p2claw service install server --print >/etc/systemd/system/p2claw-server.service
grep -q '^ExecStart=/usr/lib/p2claw/bin/p2claw server ' /etc/systemd/system/p2claw-server.service

quietly apt-get install --yes --reinstall /tmp/p2claw_*.deb
p2claw --version >/dev/null
quietly apt-get remove --yes p2claw
want_nothing "$(find /usr/lib/p2claw /usr/bin/p2claw 2>/dev/null)" 'removed, and there is still'
test -s /etc/p2claw/p2claw.toml
want_nothing "$(ls /etc/systemd/system | grep p2claw)" 'removed, and there is still'
quietly apt-get purge --yes p2claw
want_nothing "$(ours)" 'purged, and there is still'
echo 'installed, used, installed again, removed and purged: nothing is left'
INSIDE
