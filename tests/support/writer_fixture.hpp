// For tests: a writer of a small resource on a database of its own.
#pragma once
#include <functional>
#include <map>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "load/run_writer.hpp"
#include "tests/support/claimed_run.hpp"
#include "tests/support/run.hpp"

namespace weir::test {

class WriterFixture : public testing::Test {
 protected:
  // Runs `body` with a database door on its own event loop.
  void with_database(const std::function<Task<>(pg::Database&)>& body, std::size_t connections_max = 4,
                     std::chrono::milliseconds lock_timeout = std::chrono::seconds(10)) {
    run([&](Context context) -> Task<> {
      auto settings = database.pool_settings(connections_max);
      settings.connect.lock_timeout = lock_timeout;
      pg::Pool pool(context.executor(), context.blocking, settings);
      pg::Database door(pool, database.roles());
      co_await body(door);
    });
  }

  static load::RunWriter writer(pg::Database& door, load::RunRight right, load::LoadSettings settings = {}) {
    return {door, shipped_resources(), std::move(right), std::move(settings)};
  }

  // A pull request: its key is repo and number.
  static void append(load::RunWriter& writer, std::string_view repo, std::string_view number, std::string_view title,
                     std::string_view partition = {}) {
    static const auto& resource = *shipped_resources().find("pull_request");
    static const auto k_title = *resource.find("title");
    auto row = writer.rows("pull_request", partition).add_row();
    row.text(0, repo).text(1, number).text(k_title, title);
    row.done();
  }

  std::string count(const std::string& from) const { return database.super("SELECT count(*) FROM " + from); }
  std::string super(const std::string& sql) const { return database.super(sql); }

  TestDatabase database;
  ClaimedRuns runs{database};
};

// The error a call throws; internal when it throws none.
template <class T>
Task<Error> error_of(Task<T> call) {
  try {
    co_await std::move(call);
  } catch (const Failure& failure) {
    co_return failure.error();
  }
  co_return Error{ErrorCode::internal, "it did not fail"};
}

}  // namespace weir::test
