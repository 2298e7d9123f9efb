#!/bin/sh
# cross-wheel.sh aarch64|musl: from the source archive in dist/, a wheel for a system that this one is
# not, into dist/.
#   aarch64   manylinux, by gcc-aarch64-linux-gnu
#   musl      musllinux for this machine's processor, by musl-tools
# It is for the minor version of the Python in .venv, whose headers are used: 64-bit Linux has the same.
set -eu
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
python=$PWD/.venv/bin/python
machine=$(uname -m)
work=build/cross-$1
log=$PWD/$work/log
tag=$($python -c 'import sysconfig; print(sysconfig.get_config_var("SOABI").split("-")[1])')

case $1 in
aarch64)
  compiler=aarch64-linux-gnu-gcc
  platform=linux_aarch64
  suffix=.cpython-$tag-aarch64-linux-gnu.so
  flags=
  ;;
musl)
  compiler=musl-gcc
  platform=linux_$machine
  suffix=.cpython-$tag-$machine-linux-musl.so
  # musl-tools comes without the headers of the kernel.
  flags="-idirafter /usr/include -idirafter /usr/include/$machine-linux-gnu"
  ;;
*)
  echo "cross-wheel.sh: aarch64 or musl, not $1" >&2
  exit 2
  ;;
esac

rm -rf "$work"
mkdir -p "$work/source"
run() { "$@" >>"$log" 2>&1 || { tail -n 30 "$log" >&2; exit 1; }; }
setup() { run env -C "$work/source" "$python" setup.py --quiet "$@"; }

tar -xzf dist/p2claw-[0-9]*.tar.gz -C "$work/source" --strip-components 1
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
export CC="$compiler" CFLAGS="-g0 $flags" LDSHARED="$compiler -shared -s"
export SETUPTOOLS_EXT_SUFFIX="$suffix" _PYTHON_HOST_PLATFORM="linux-${platform#linux_}"
setup build
if [ "$1" = musl ]; then
  # musl-tools names it by its file; systems of musl name it so.
  run find "$work/source/build" -name '*.so' \
    -exec patchelf --replace-needed libc.so "libc.musl-$machine.so.1" {} +
fi
setup bdist_wheel --skip-build --plat-name "$platform" --dist-dir ../wheel
run auditwheel repair --wheel-dir "$work/repaired" "$work"/wheel/*.whl
cp "$work"/repaired/*.whl dist
ls "$work/repaired"
