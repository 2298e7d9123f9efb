#!/bin/sh
# fuzz-dataplane.sh [SECONDS] [TARGET…]: feeds hostile input to the C sources under libFuzzer,
# AddressSanitizer and UndefinedBehaviorSanitizer. A find ends it and is kept beside the corpus; with
# KEEP=1 the corpus, without what adds nothing, is packed again for the next run.
# Needs clang with compiler-rt (Debian: clang libclang-rt-14-dev); CLANG names another.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-60}
[ $# -gt 0 ] && shift
targets=${*:-packet chunk cookie dcep association repeating pair stun udp records}
clang=${CLANG:-$(command -v clang || command -v clang-14 || true)}
[ -n "$clang" ] || { echo 'fuzz-dataplane.sh: no clang; apt-get install clang libclang-rt-14-dev' >&2; exit 2; }
here=tests/fuzz/dataplane
core=p2claw/dataplane/core
carrier=p2claw/dataplane/carrier
built=build/fuzz-dataplane
mkdir -p $built
for target in $targets; do
  "$clang" -std=c11 -g -O1 -fno-omit-frame-pointer -Wno-unknown-warning-option \
    -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
    -I $core -I $carrier $here/fuzz_$target.c \
    $(find $core -name '*.c' ! -name '_*') $carrier/udp/table.c $carrier/udp/deadlines.c $carrier/dtls/*.c -lm -ldl -o $built/$target
  corpus=$built/corpus/$target
  mkdir -p $corpus
  [ ! -f $here/corpus/$target.tar.gz ] || tar -xzf $here/corpus/$target.tar.gz -C $corpus
  echo "» fuzz $target for $seconds s"
  "$built/$target" -max_total_time="$seconds" -max_len=4096 -timeout=20 -print_final_stats=1 \
    -artifact_prefix=$here/find-$target- $corpus 2>$built/$target.log || {
    tail -n 40 $built/$target.log >&2
    exit 1
  }
  grep -E 'stat::number_of_executed_units|stat::new_units_added' $built/$target.log
  if [ "${KEEP:-}" = 1 ]; then
    rm -rf $corpus.least && mkdir $corpus.least
    "$built/$target" -merge=1 $corpus.least $corpus 2>/dev/null
    mkdir -p $here/corpus
    tar -czf $here/corpus/$target.tar.gz -C $corpus.least .
  fi
done
