#!/bin/sh
# Builds one preset (PRESET, default release), starts a private PostgreSQL and runs the tests, never from a cache.
# T=name runs only the tests whose name contains it.
set -eu
cd "$(dirname "$0")/.."
preset=${PRESET:-release}
scripts/build.sh "$preset"
exec scripts/with-postgres.sh ctest --test-dir "build/$preset" --output-on-failure --no-tests=error ${T:+-R "$T"}
