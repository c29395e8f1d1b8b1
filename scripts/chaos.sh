#!/bin/sh
# The long rounds of tests/chaos: kills, freezes, races, restarts, with the evidence printed. ROUNDS=200 by default.
set -eu
cd "$(dirname "$0")/.."
scripts/build.sh release
WEIR_CHAOS_ROUNDS=${ROUNDS:-200} WEIR_BINARY=$PWD/build/weir WEIR_TESTING_BINARY=$PWD/build/release/tests/weir_testing \
  WEIR_SYNTHETIC_TRUTH=$PWD/build/release/tests/synthetic_truth \
  WEIR_PROVIDER_SIM=$PWD/build/release/apps/provider-sim/provider-sim \
  exec scripts/with-postgres.sh /usr/bin/python3 -m pytest -q -s -p no:cacheprovider tests/chaos tests/e2e/test_synthetic.py ${T:+-k "$T"}
