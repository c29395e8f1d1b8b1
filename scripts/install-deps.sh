#!/bin/sh
# Installs exactly the Debian packages that Weir needs and this machine lacks, and says which.
# Nothing is installed, and apt is not even asked, when all of them are there.
set -eu

# What each group is for; keep them sorted.
compiler="ccache clang-19 clang-format-19 clang-tidy-19 cmake libclang-rt-19-dev lld-19 llvm-19 ninja-build pkg-config"
libraries="libbenchmark-dev libboost-url1.81-dev libboost1.81-dev libcli11-dev libcurl4-openssl-dev libfmt-dev libgit2-dev
  libgtest-dev libhowardhinnant-date-dev libpq-dev librestinio-dev libsimdjson-dev libsodium-dev libspdlog-dev libssl-dev libyaml-cpp-dev nlohmann-json3-dev
  prometheus-cpp-dev zlib1g-dev"
database="postgresql-15 postgresql-client-15"
tools="curl git make python3 python3-psycopg2 python3-pytest"

missing=""
for package in $compiler $libraries $database $tools; do
  state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing="$missing $package"
done
if [ -z "$missing" ]; then
  exit 0
fi

echo "weir: these Debian packages are missing and will be installed:$missing"
sudo=""
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "weir: not root and no sudo here; as root run: apt-get install --no-install-recommends$missing" >&2
    exit 3
  fi
  sudo=sudo
fi

# Debian's postgresql package would start a cluster of its own on port 5432: Weir never uses it.
if ! dpkg-query -W postgresql-15 >/dev/null 2>&1; then
  $sudo mkdir -p /etc/postgresql-common/createcluster.d
  printf "create_main_cluster = false\n" | $sudo tee /etc/postgresql-common/createcluster.d/weir.conf >/dev/null
fi

$sudo env DEBIAN_FRONTEND=noninteractive sh -c "
  apt-get update -qq &&
  apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 $missing" >/dev/null
echo "weir: packages installed"
