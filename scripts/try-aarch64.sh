#!/bin/sh
# try-aarch64.sh: installs the aarch64 wheel in dist/ beside the packages that it asks for, and runs it
# by qemu-user-static on Debian's own Python for that processor: the checks of the doctor, among them the
# records' test of themselves, then the tests of codec and data plane. All of it is unpacked into
# build/aarch64; nothing is installed on this machine.
set -eu
cd "$(dirname "$0")/.."
wheel=$(realpath dist/p2claw-*manylinux*_aarch64.whl)
work=$PWD/build/aarch64
root=$work/root
minor=$(echo "$wheel" | sed 's/.*-cp3\([0-9]*\)-.*/3.\1/')

if [ ! -e "$root/usr/bin/python$minor" ]; then
  rm -rf "$work"
  mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial" "$root"
  : >"$work/apt/status"
  get() {
    apt-get -qq --yes -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root \
      -o Dir::State="$work/apt" -o Dir::State::status="$work/apt/status" -o Dir::Cache="$work/apt" "$@" >/dev/null
  }
  get update
  get install --download-only --no-install-recommends "python$minor" libstdc++6 ca-certificates
  for package in "$work"/apt/archives/*.deb; do dpkg-deb -x "$package" "$root"; done
fi

rm -rf "$work/packages" "$work/tried"
.venv/bin/python -m pip --quiet --quiet --disable-pip-version-check install --target "$work/packages" \
  --only-binary=:all: --python-version "$minor" --implementation cp --constraint constraints.txt \
  --platform manylinux_2_17_aarch64 --platform manylinux2014_aarch64 --platform manylinux_2_28_aarch64 \
  --platform manylinux_2_34_aarch64 "$wheel[cluster]" \
  pytest pytest-asyncio pytest-timeout pytest-rerunfailures pytest-xdist hypothesis async-timeout
# Apart from this folder, whose p2claw is for another processor.
mkdir "$work/tried"
cp -r tests pyproject.toml "$work/tried"
cd "$work/tried"
export PYTHONPATH="$work/packages" PYTHONDONTWRITEBYTECODE=1
emulated() { qemu-aarch64-static -L "$root" "$root/usr/bin/python$minor" "$@"; }

emulated - <<'CHECKS'
import asyncio
import platform

from p2claw.cli.doctor import installation as the

checks = the.check_python(), the.check_codec(), asyncio.run(the.check_aiortc())
findings = [*checks, the.check_data_plane(), the.check_bootstrap()]
for finding in findings:
    print(platform.machine(), finding.level, finding.check, finding.text)
raise SystemExit(any(finding.level != "ok" for finding in findings))
CHECKS
# Without what reads the sources, or starts another Python, which this machine cannot by itself.
emulated -m pytest -q -p no:cacheprovider --timeout 600 tests/wire/frames \
  tests/dataplane/test_crc32c.py tests/dataplane/test_stun.py tests/dataplane/test_association.py \
  tests/dataplane/test_records.py --ignore tests/wire/frames/test_codec_loaded.py \
  --deselect tests/dataplane/test_records.py::test_where_pointers_cannot_be_had_links_go_the_slow_way_and_log_so
