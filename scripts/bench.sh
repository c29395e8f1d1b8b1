#!/bin/sh
# bench.sh [NAME...]: the benchmarks of bench/ (all of them by default) on a private PostgreSQL. Each prints its figures
# beside the physical limit measured in the same run; bench/README.md keeps what was measured.
set -eu
cd "$(dirname "$0")/.."
scripts/build.sh release
cmake --build build/release --target weir_bench_staging weir_bench_queue weir_bench_waits >/dev/null
export WEIR_BINARY="$PWD/build/weir" WEIR_PROVIDER_SIM="$PWD/build/release/apps/provider-sim/provider-sim"
[ $# -gt 0 ] || set -- staging queue waits git_import github_import
for name; do
  echo "== $name"
  case $name in
    staging | queue | waits) scripts/with-postgres.sh "build/release/bench/weir_bench_$name" ;;
    *) scripts/with-postgres.sh /usr/bin/python3 -B "bench/$name.py" ;;
  esac
done
