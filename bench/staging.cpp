// How shall a batch reach the server? Measures, for batches of 100, 1,000 and 10,000 rows of 17 columns, the first
// import and the unchanged re-import through (a) arrays in the merge statement itself and (b) COPY into a temporary
// table that the transaction drops. Prints rows/s, WAL bytes per row, and what appending to the batch allocates.
//
//   scripts/with-postgres.sh build/release/bench/weir_bench_staging
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <new>

#include <fmt/format.h>

#include "load/batch.hpp"
#include "load/merge.hpp"
#include "load/resource_tables.hpp"
#include "load/row_store.hpp"
#include "load/run_writer.hpp"
#include "pg/wire.hpp"
#include "tests/support/run.hpp"
#include "tests/support/test_database.hpp"

namespace {
std::size_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace weir::load {
namespace {

using SteadyClock = std::chrono::steady_clock;

enum class Staging { arrays, copy };

struct Measured {
  double rows_per_second = 0;
  double wal_per_row = 0;
};

void append_rows(Batch& batch, const Resource& commit, std::size_t first, std::size_t count) {
  const auto column = [&](const char* name) { return *commit.find(name); };
  const auto repo = column("repo_key"), sha = column("sha"), message = column("message"),
             author = column("author_name"), email = column("author_email"), authored = column("authored_at"),
             zone = column("author_tz_min"), committer = column("committer_name"),
             committer_email = column("committer_email"), committed = column("committed_at"),
             additions = column("additions"), deletions = column("deletions"), files = column("files_changed"),
             parents = column("parent_count"), url = column("url");
  char id[41];
  char text[128];
  for (std::size_t i = first; i < first + count; ++i) {
    const auto hash = i * 0x9e3779b97f4a7c15ULL;
    *fmt::format_to_n(id, 40, "{:016x}{:024x}", hash, i).out = '\0';
    const auto end =
        fmt::format_to_n(text, 127, "area {}: what was changed here and why it had to be so", hash % 977).out;
    const Instant at{std::chrono::seconds(1'500'000'000 + static_cast<std::int64_t>(i))};
    auto row = batch.add_row();
    row.text(repo, "515435940").text(sha, id).text(message, {text, static_cast<std::size_t>(end - text)});
    row.text(author, "Ada Lovelace").text(email, "ada@example.com").instant(authored, at).integer(zone, 60);
    row.text(committer, "GitHub").text(committer_email, "noreply@github.com").instant(committed, at);
    row.integer(additions, static_cast<std::int64_t>(hash % 500)).integer(deletions, 7).integer(files, 3);
    row.integer(parents, 1).text(url, "https://github.com/acme/widgets/commit/0123456789abcdef");
    row.done();
  }
}

// COPY's binary format: a header, each row's columns with their lengths, a trailer.
std::string copy_data(const RowStore& store, const RowOrder& rows) {
  std::string out("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
  const auto columns = store.resource().columns.size();
  for (const auto row : rows) {
    pg::append_network_order(out, static_cast<std::int16_t>(columns));
    for (std::size_t i = 0; i < columns; ++i) {
      const auto value = store.at(row, i);
      pg::append_network_order(out, value ? static_cast<std::int32_t>(value->size()) : -1);
      if (value) out += *value;
    }
  }
  pg::append_network_order(out, std::int16_t{-1});
  return out;
}

struct CopyStatements {
  explicit CopyStatements(const Resource& resource) {
    create = "CREATE TEMP TABLE stage (";
    std::string columns, staged, same, keys, set;
    for (std::size_t i = 0; i < resource.columns.size(); ++i) {
      const auto name = pg::quote_identifier(resource.columns[i].name);
      const auto* const comma = i == 0 ? "" : ", ";
      create += fmt::format("{}{} {}", comma, name, sql_name(resource.columns[i].type));
      columns += comma + name;
      staged += fmt::format("{}s.{}", comma, name);
      if (i < resource.key_columns) {
        keys += comma + name;
        same += fmt::format(" AND old.{0} = s.{0}", name);
      } else {
        same += fmt::format(" AND old.{0} IS NOT DISTINCT FROM s.{0}", name);
        set += fmt::format("{0} = excluded.{0}, ", name);
      }
    }
    create += ") ON COMMIT DROP";
    merge = fmt::format(
        "INSERT INTO data.commit (tenant_id, data_source, {0}, script, imported_at, run_id) SELECT $1::uuid, $2::text, "
        "{1}, $3::text, now(), $4::uuid FROM pg_temp.stage s WHERE NOT EXISTS (SELECT FROM data.commit old WHERE "
        "old.tenant_id = $1::uuid AND old.data_source = $2::text {2} AND old.deleted_at IS NULL OFFSET 0) ON CONFLICT "
        "(tenant_id, data_source, {3}) DO UPDATE SET {4} script = excluded.script, imported_at = excluded.imported_at, "
        "run_id = excluded.run_id, deleted_at = NULL",
        columns, staged, same, keys, set);
  }
  std::string create, merge;
};

class Bench {
 public:
  Bench(pg::Database& database, const test::TestDatabase& server, const Resource& commit, RunRight right)
      : database_(database),
        server_(server),
        commit_(commit),
        right_(std::move(right)),
        arrays_(commit),
        copy_(commit) {}

  Task<Measured> import(Staging staging, std::size_t batch_rows, std::size_t total) {
    Batch batch(commit_);
    SteadyClock::duration spent{0};
    const auto lsn = server_.super("SELECT pg_current_wal_insert_lsn()");
    for (std::size_t first = 0; first < total; first += batch_rows) {
      append_rows(batch, commit_, first, batch_rows);
      const auto began = SteadyClock::now();
      if (staging == Staging::arrays)
        co_await merge_arrays(batch.store());
      else
        co_await merge_copy(batch.store());
      spent += SteadyClock::now() - began;
      batch.clear();
    }
    const auto wal = std::stod(server_.super(fmt::format("SELECT pg_current_wal_insert_lsn() - '{}'", lsn)));
    const auto rows = static_cast<double>(total);
    co_return Measured{rows / std::chrono::duration<double>(spent).count(), wal / rows};
  }

 private:
  Task<> merge_arrays(const RowStore& store) {
    const auto rows = order_by_key(store);
    std::vector<pg::Command> commands;
    commands.push_back(arrays_.merge(right_, store, rows));
    co_await database_.batch(pg::Scope::tenant(right_.tenant), std::move(commands));
  }

  Task<> merge_copy(const RowStore& store) {
    const auto rows = order_by_key(store);
    auto transaction = co_await database_.begin(pg::Scope::tenant(right_.tenant));
    co_await transaction.query({"bench.create", copy_.create});
    auto& connection = transaction.connection();
    co_await connection.copy_begin({"bench.copy", "COPY pg_temp.stage FROM STDIN BINARY"}, Deadline::never());
    const auto data = copy_data(store, rows);
    co_await connection.copy_chunk(data, Deadline::never());
    co_await connection.copy_end(Deadline::never());
    std::vector<pg::Command> commands;
    commands.push_back(
        {{"bench.merge", copy_.merge}, pg::Params(right_.tenant, right_.data_source, right_.script, right_.run)});
    co_await transaction.commit(std::move(commands));
  }

  pg::Database& database_;
  const test::TestDatabase& server_;
  const Resource& commit_;
  RunRight right_;
  MergeStatement arrays_;
  CopyStatements copy_;
};

Task<Measured> measure_one(pg::Database& database, const test::TestDatabase& server, const Resource& commit,
                           Staging staging, std::size_t batch_rows, Measured& unchanged) {
  static int runs = 0;
  server.super("TRUNCATE data.commit; CHECKPOINT");
  const RunRight right{.tenant = server.add_tenant(fmt::format("t{}", ++runs)),
                       .data_source = "github",
                       .script = "github/commit",
                       .run = RunId(*Uuid::parse("01939d2e-0000-7000-8000-0123456789ab")),
                       .fence = Fence(1),
                       .pipeline_run = std::nullopt,
                       .user_id = std::nullopt};
  Bench bench(database, server, commit, right);
  const std::size_t total = batch_rows == 100 ? 10'000 : 50'000;
  const auto first = co_await bench.import(staging, batch_rows, total);
  unchanged = co_await bench.import(staging, batch_rows, total);
  co_return first;
}

void keep_best(Measured& best, const Measured& now) {
  best.rows_per_second = std::max(best.rows_per_second, now.rows_per_second);
  best.wal_per_row = now.wal_per_row;
}

void print(std::size_t batch_rows, const char* staging, const char* rows, const Measured& best) {
  fmt::print("{:>7} {:<8} {:<10} {:>10.0f} {:>10.1f}\n", batch_rows, staging, rows, best.rows_per_second,
             best.wal_per_row);
}

// The best of several rounds, taken in turn: other work on the machine only ever slows a round down.
Task<> measure(test::Context context, const test::TestDatabase& server, const ResourceCatalog& catalog) {
  constexpr int k_rounds = 7;
  pg::Pool pool(context.executor(), context.blocking, server.pool_settings(1));
  pg::Database database(pool, server.roles());
  const auto made = co_await ensure_resource_tables(database, catalog);
  if (!made) throw Failure(made.error());
  const auto& commit = *catalog.find("commit");

  fmt::print("{:>7} {:<8} {:<10} {:>10} {:>10}\n", "batch", "staging", "rows", "rows/s", "WAL B/row");
  for (const std::size_t batch_rows : {100U, 1'000U, 10'000U}) {
    Measured first[2], unchanged[2];
    for (int round = 0; round < k_rounds; ++round) {
      for (const auto staging : {Staging::arrays, Staging::copy}) {
        Measured again;
        const auto now = co_await measure_one(database, server, commit, staging, batch_rows, again);
        keep_best(first[static_cast<int>(staging)], now);
        keep_best(unchanged[static_cast<int>(staging)], again);
      }
    }
    print(batch_rows, "arrays", "first", first[0]);
    print(batch_rows, "copy", "first", first[1]);
    print(batch_rows, "arrays", "unchanged", unchanged[0]);
    print(batch_rows, "copy", "unchanged", unchanged[1]);
  }
}

void measure_appending(const Resource& commit) {
  Batch batch(commit);
  append_rows(batch, commit, 0, 10'000);
  const auto bytes = batch.bytes();
  batch.clear();
  const auto before = allocations;
  const auto began = SteadyClock::now();
  append_rows(batch, commit, 0, 10'000);
  const auto seconds = std::chrono::duration<double>(SteadyClock::now() - began).count();
  fmt::print("appending 10,000 rows to warm buffers: {:.0f} rows/s, {} allocations, {} bytes a row\n", 10'000 / seconds,
             allocations - before, bytes / 10'000);
}

}  // namespace
}  // namespace weir::load

int main() {
  const auto catalog = weir::load::ResourceCatalog::read({std::string(WEIR_SOURCE_DIR) + "/plugins/resources"});
  if (!catalog) {
    fmt::print(stderr, "{}\n", catalog.error().message);
    return 3;
  }
  weir::load::measure_appending(*catalog->find("commit"));
  const weir::test::TestDatabase server;
  weir::test::run([&](weir::test::Context context) { return weir::load::measure(context, server, *catalog); });
}
