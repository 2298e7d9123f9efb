#!/bin/sh
# check-arm.sh: compiles the C of the data plane, and what Cython wrote, for aarch64, to objects in
# build/arm. A warning in our own C ends it.
#   PYTHON=.venv/bin/python  whose headers are used: both machines are LP64, so they say the same
set -eu
cd "$(dirname "$0")/.."
compiler=${ARM_CC:-aarch64-linux-gnu-gcc}
python=${PYTHON:-python3}
plane=p2claw/dataplane
built=build/arm
flags="-std=c11 -O3 -fPIC -Wall -Wextra -Wconversion -Werror -I $plane/core -I $plane/carrier"
mkdir -p $built

object() { # object SOURCE FLAG…
  name=$(echo "${1%.c}" | tr / _)
  source=$1
  shift
  "$compiler" "$@" -c "$source" -o "$built/$name.o"
}

count=0
for source in $(find $plane -name '*.c' ! -name '_*' | sort); do
  # shellcheck disable=SC2086
  object "$source" $flags
  count=$((count + 1))
done

# Debian's Python.h looks for the configuration in a folder of the machine that is compiled for.
include=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
config=$("$python" -c 'import sysconfig; print(sysconfig.get_config_h_filename())')
mkdir -p $built/include/aarch64-linux-gnu
ln -sfn "$(dirname "$config")" "$built/include/aarch64-linux-gnu/$(basename "$include")"
for source in p2claw/_fastframe.c $plane/*/_*.c; do
  object "$source" -O1 -fPIC -Wall -Wno-unused-function -Werror \
    -I $plane/core -I $plane/carrier -I $built/include -I "$include"
  count=$((count + 1))
done
echo "$count files compiled for $("$compiler" -dumpmachine)"
