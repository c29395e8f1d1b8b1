#!/bin/sh
# Configures and builds one preset (default: release). The release binary is linked at build/weir.
set -eu
cd "$(dirname "$0")/.."
preset=${1:-release}
[ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" >"/tmp/weir-configure-$$.log" 2>&1 ||
  { cat "/tmp/weir-configure-$$.log"; rm -f "/tmp/weir-configure-$$.log"; exit 1; }
rm -f "/tmp/weir-configure-$$.log"
cmake --build --preset "$preset" -- ${NINJA_FLAGS:-}
[ "$preset" != release ] || ln -sfn release/apps/weir/weir build/weir
