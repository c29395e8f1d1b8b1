#!/bin/sh
# Builds and runs the tests on a private PostgreSQL, never from a cached result.
#   T=name       only the tests whose name contains it
#   PRESET=p     that preset instead of release; `make sanitize` and `make fuzz` are commands of their own
set -eu
cd "$(dirname "$0")/.."

export LSAN_OPTIONS="suppressions=$PWD/tests/support/leaks.txt:print_suppressions=0"

run() { # preset, ctest arguments
  preset=$1
  shift
  scripts/build.sh "$preset"
  scripts/with-postgres.sh ctest --test-dir "build/$preset" --output-on-failure --no-tests=error "$@"
}

run "${PRESET:-release}" ${T:+-R "$T"}
