#!/bin/sh
# need-tools.sh build|test|apps|bench|arm|musl|deb|qemu: checks that the programs p2claw is built or tested with are there.
# On Debian, as root, what is missing is installed; elsewhere it is named, and this fails.
set -eu
python=${PYTHON:-python3}

has() { PATH="$PATH:/usr/sbin" command -v "$1" >/dev/null; }

need() { # need PACKAGE COMMAND…: PACKAGE is missing unless COMMAND succeeds
  package=$1
  shift
  "$@" >/dev/null 2>&1 || missing="$missing $package"
}

find_missing() {
  missing=
  case $1 in
  build)
    need python3 "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'
    need python3-venv "$python" -c 'import venv, ensurepip'
    need python3-dev "$python" -c \
      'import os, sysconfig; os.stat(sysconfig.get_path("include") + "/Python.h")'
    need gcc has gcc
    need nodejs node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)'
    need npm has npm
    ;;
  test)
    need chromium has chromium
    need firefox-esr has firefox-esr
    need nginx-light has nginx
    need coturn has turnserver
    need caddy has caddy
    need iproute2 has ip
    need nftables has nft
    need conntrack has conntrack
    need poppler-utils has pdftotext
    need miniupnpd has miniupnpd
    need postgresql sh -c 'ls /usr/lib/postgresql/*/bin/initdb'
    need redis-server has redis-server
    need prometheus has promtool
    need haproxy has haproxy
    need pebble has pebble
    need docker-compose has docker-compose
    need python3-yaml /usr/bin/python3 -c 'import yaml'
    ;;
  apps)
    need php-cli has php
    need ffmpeg has ffmpeg
    need novnc test -e /usr/share/novnc/vnc.html
    need websockify has websockify
    need tigervnc-standalone-server has Xtigervnc
    need xterm has xterm
    ;;
  bench)
    need nghttp2-client has h2load
    need linux-perf has perf
    ;;
  arm)
    need gcc-aarch64-linux-gnu has aarch64-linux-gnu-gcc
    need libc6-dev-arm64-cross test -e /usr/aarch64-linux-gnu/include/stdio.h
    ;;
  musl)
    need musl-tools has musl-gcc
    ;;
  deb)
    need dpkg has dpkg-deb
    need binutils has strip
    need lintian has lintian
    need debootstrap has debootstrap
    ;;
  qemu)
    need qemu-user-static has qemu-aarch64-static
    ;;
  *)
    echo "need-tools.sh: build, test, apps, bench, arm, musl, deb or qemu, not $1" >&2
    exit 2
    ;;
  esac
}

# Packages that are services must not start: the tests run their own, on ports of their own.
install() {
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
    trap 'rm -f $policy' EXIT
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

find_missing "$1"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && has apt-get; then
  echo "installing:$missing"
  # shellcheck disable=SC2086
  install $missing
  find_missing "$1"
  [ -n "$missing" ] || exit 0
fi
echo "p2claw needs these programs, and they are missing or too old:$missing" >&2
echo "On Debian: apt-get install$missing   (Python 3.11 and Node 20, or newer)" >&2
exit 1
