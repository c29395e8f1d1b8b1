#!/bin/sh
# Builds the fuzzers (with ASan and UBSan) and runs each for SECONDS_EACH (default 600) seconds. A finding stops it and
# leaves its input in build/fuzz-findings/. T=name runs those whose name contains it.
set -eu
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-600}
[ -f build/asan-ubsan/build.ninja ] || cmake --preset asan-ubsan >/dev/null
fuzzers=$(git ls-files '*_fuzz.cpp' | sed 's|.*/||; s|\.cpp$||' | grep "${T:-}" || true)
[ -n "$fuzzers" ] || { echo "fuzz: no fuzzer matches '${T:-}'"; exit 2; }
# shellcheck disable=SC2086
cmake --build build/asan-ubsan --target $fuzzers >/dev/null
mkdir -p build/fuzz-findings
for fuzzer in $fuzzers; do
  corpus=build/fuzz-corpus/$fuzzer
  mkdir -p "$corpus"
  seeds=tests/fuzz-seeds/$fuzzer
  [ -d "$seeds" ] || seeds=""
  printf '%-32s %s s ' "$fuzzer" "$seconds"
  # shellcheck disable=SC2086
  if build/asan-ubsan/tests/"$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
    -artifact_prefix=build/fuzz-findings/"$fuzzer"- "$corpus" $seeds >"build/fuzz-$fuzzer.log" 2>&1; then
    grep -o 'number_of_executed_units: [0-9]*' "build/fuzz-$fuzzer.log" || echo "clean"
  else
    echo "FOUND"; tail -30 "build/fuzz-$fuzzer.log"; exit 1
  fi
done
