#!/bin/sh
# with-postgres.sh COMMAND...: runs it with a private throw-away PostgreSQL, reachable only by a unix socket, whose
# superuser URL is in WEIR_TEST_DATABASE_URL. The server runs as an unprivileged user also when this runs as root.
set -eu
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
home=$(mktemp -d /tmp/weir-test-XXXXXX)
run=""
if [ "$(id -u)" -eq 0 ]; then
  user=${WEIR_TEST_PG_USER:-postgres}
  chown "$user" "$home"
  run="setpriv --reuid=$user --regid=$(id -gn "$user") --init-groups --reset-env"
fi
stop() {
  (cd / && $run "$bin/pg_ctl" -D "$home/data" -m immediate -w stop >/dev/null 2>&1) || true
  rm -rf "$home"
}
trap stop EXIT
trap 'exit 130' INT TERM
cd_back=$(pwd)
cd /
$run "$bin/initdb" -D "$home/data" -U weir_super -A trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
cat >>"$home/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$home'
max_connections = 300
fsync = off
synchronous_commit = on
full_page_writes = off
shared_buffers = 256MB
max_wal_size = 2GB
CONF
$run "$bin/pg_ctl" -D "$home/data" -l "$home/log" -w start >/dev/null || { cat "$home/log"; exit 1; }
cd "$cd_back"
export WEIR_TEST_DATABASE_URL="postgresql://weir_super@/postgres?host=$home"
export WEIR_TEST_PG_DATA="$home/data"
status=0
"$@" || status=$?
exit $status
