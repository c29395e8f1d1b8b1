#!/bin/sh
# Builds and runs the tests on a private PostgreSQL, never from a cached result.
#   T=name       only the tests whose name contains it
#   PRESET=p     only that preset (default: release, and without T a short round under ASan and UBSan with the fuzzers)
set -eu
cd "$(dirname "$0")/.."

run() { # preset, ctest arguments
  preset=$1
  shift
  scripts/build.sh "$preset"
  scripts/with-postgres.sh ctest --test-dir "build/$preset" --output-on-failure --no-tests=error "$@"
}

if [ -n "${PRESET:-}" ]; then
  run "$PRESET" ${T:+-R "$T"}
elif [ -n "${T:-}" ]; then
  run release -R "$T"
else
  run release
  run asan-ubsan -R '^(unit|pg)$'
  SECONDS_EACH=${SECONDS_EACH:-5} scripts/fuzz.sh
fi
