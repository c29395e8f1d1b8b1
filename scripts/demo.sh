#!/bin/sh
# Three tenants' data in a private PostgreSQL: acme imports the history of this repository (or of the clone in REPO), globex
# a generated one, initech an organisation of a simulated GitHub (or, with GITHUB_TOKEN and GITHUB_ORG set, that one of the
# real GitHub). Then once more, to show that nothing changed and how little that cost.
set -eu
cd "$(dirname "$0")/.."
weir=$PWD/build/weir
work=${TMPDIR:-/tmp}/weir-demo-$(id -u)
export WEIR_HOME=$work/home
repo=$(cd "${REPO:-.}" && git rev-parse --show-toplevel)
# The repository may be a worktree of another place.
export WEIR_LOCAL_PATHS=$repo:$(git -C "$repo" rev-parse --path-format=absolute --git-common-dir):$work/generated

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
show() { printf '\033[2m$ weir %s\033[0m\n' "$*"; "$weir" "$@"; }
query() { printf '\033[2m%s\033[0m\n' "$1"; "$weir" db psql -- -qX -P footer=off -c "$1"; }
[ -t 1 ] || { say() { printf '\n%s\n' "$*"; }; show() { printf '$ weir %s\n' "$*"; "$weir" "$@"; }; query() { printf '%s\n' "$1"; "$weir" db psql -- -qX -P footer=off -c "$1"; }; }

[ ! -d "$WEIR_HOME" ] || "$weir" db stop >/dev/null 2>&1 || true
rm -rf "$work"
mkdir -p "$work"

say "A second repository, generated: 3,000 commits by 12 people on 5 branches"
python3 scripts/make-test-repository.py --commits 3000 --authors 12 --branches 5 --seed 7 "$work/generated/shop"

if [ -n "${GITHUB_TOKEN:-}" ] && [ -n "${GITHUB_ORG:-}" ]; then
  org=$GITHUB_ORG api=${GITHUB_API_URL:-https://api.github.com} token=$GITHUB_TOKEN
else
  say "A simulated GitHub on loopback: the organisation acme with 5 repositories"
  build/release/apps/provider-sim/provider-sim --seed 7 --repos 5 --commits 300 --pulls 40 --issues 60 --specials 0 \
    --port-file "$work/port" >/dev/null &
  simulator=$!
  trap 'kill $simulator 2>/dev/null || true' EXIT INT TERM
  until [ -s "$work/port" ]; do sleep 0.1; done
  org=acme api=http://127.0.0.1:$(cat "$work/port") token=sim-token
  export WEIR_EGRESS_ALLOW=127.0.0.1
fi

say "Three tenants: two with a Git data source, one with GitHub (the private PostgreSQL is created now)"
show tenant add acme --name "Acme Inc."
show source add acme git --set "GIT_URL=$repo"
show tenant add globex --name "Globex"
show source add globex git --set "GIT_URL=$work/generated/shop"
show tenant add initech --name "Initech"
GITHUB_TOKEN=$token show source add initech github --set "GITHUB_ORG=$org" --set "GITHUB_API_URL=$api" --secret-env GITHUB_TOKEN

say "The first import: everything"
show import

say "The second import: nothing changed, so next to nothing is done"
show import

say "What would run now, and why"
show plan acme

say "Four questions to the tables"
query "SELECT t.key AS tenant, r.full_name AS repository, count(*) AS commits, count(DISTINCT c.author_email) AS authors,
       min(c.committed_at)::date AS first, max(c.committed_at)::date AS last
FROM data.commit c JOIN weir.tenant t ON t.id = c.tenant_id
JOIN data.repository r USING (tenant_id, data_source, repo_key)
GROUP BY 1, 2 ORDER BY 1"
query "SELECT t.key AS tenant, c.author_name, count(*) AS commits, sum(c.additions) AS additions, sum(c.deletions) AS deletions
FROM data.commit c JOIN weir.tenant t ON t.id = c.tenant_id
GROUP BY 1, 2 ORDER BY 1, 3 DESC LIMIT 8"
query "SELECT r.full_name AS repository, p.state, count(*) AS pull_requests, sum(p.additions) AS additions,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY p.merged_at - p.created_at) AS median_time_to_merge
FROM data.pull_request p JOIN data.repository r USING (tenant_id, data_source, repo_key)
GROUP BY 1, 2 ORDER BY 3 DESC, 1 LIMIT 6"
query "SELECT t.key AS tenant, p.script, count(*) AS partitions, min(p.cursor_at)::timestamp(0) AS complete_up_to
FROM weir.partition_cursor p JOIN weir.tenant t ON t.id = p.tenant_id GROUP BY 1, 2 ORDER BY 1, 2"

say "It is all still there"
echo "export WEIR_HOME=$WEIR_HOME WEIR_LOCAL_PATHS=$WEIR_LOCAL_PATHS"
echo "build/weir runs; build/weir db psql        (the server stops 10 s after the last command and starts with the next)"
