#!/bin/sh
# Formatting, the shape of the tree, headers that compile alone, and clang-tidy.
# FILES="a.cpp b.cpp" limits clang-tidy to those.
set -eu
cd "$(dirname "$0")/.."
echo "format"
git ls-files -co --exclude-standard '*.cpp' '*.hpp' | xargs clang-format-19 --dry-run -Werror
echo "tree"
python3 tests/tidy/check_tree.py
echo "clang-tidy (also compiles each file without precompiled headers)"
cmake --preset tidy >/dev/null
files=${FILES:-$(git ls-files 'src/*.cpp' 'apps/*.cpp' | grep -vE '_(test|pgtest|fuzz)\.cpp$')}
echo "$files" | tr ' ' '\n' | xargs -P "$(nproc)" -n 1 clang-tidy-19 -p build/tidy --quiet 2>/dev/null
echo "headers alone"
git ls-files 'src/*.hpp' 'apps/*.hpp' | xargs -P "$(nproc)" -I{} sh -c \
  'clang++-19 -std=c++23 -fsyntax-only -Wall -Wextra -Wno-pragma-once-outside-header -DBOOST_ASIO_SEPARATE_COMPILATION \
   -DWEIR_VERSION=\"0\" -Isrc -Iapps -I. -Ibuild/tidy/generated -I/usr/include/postgresql {} || exit 255'
echo "lint: clean"
