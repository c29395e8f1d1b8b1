#include "plugin/paged_script.hpp"

#include <gtest/gtest.h>

#include "plugin/trial/trial_pass.hpp"
#include "tests/support/run.hpp"

namespace weir::plugin {
namespace {

Instant at(std::string_view text) { return *parse_rfc3339(text); }

// Answers with the given pages, one after the other.
class ListedPages final : public PagedScriptRun {
 public:
  ListedPages(WalkSettings settings, std::vector<Page> pages) : PagedScriptRun(settings), pages_(std::move(pages)) {}
  Task<Result<std::vector<Partition>>> partitions() override {
    co_return std::vector{Partition{.key = "", .title = {}}};
  }
  std::vector<bool> begins{};  // of each query, whether it may be conditional

 private:
  Task<Result<Page>> fetch(PageQuery query, PassContext&, nlohmann::json) override {
    begins.push_back(query.begins_pass);
    co_return pages_.at(begins.size() - 1);
  }
  std::vector<Page> pages_;
};

class PagedScripts : public testing::Test {
 protected:
  // The notes of a pass over these pages; "" when it failed.
  std::vector<std::string> notes_of(CursorKind kind, std::vector<Page> pages, std::optional<Instant> start = {}) {
    WalkSettings settings;
    settings.kind = kind;
    settings.listing.address = PageAddress::token;
    settings.listing.order = PageOrder::descending;
    const load::ResourceCatalog none;
    const Partition whole{.key = "", .title = {}};
    TrialPass pass(none, whole, {.start = start, .end = at("2026-02-01T00:00:00Z"), .resume = resume_});
    ListedPages run(settings, std::move(pages));
    test::run([&](test::Context) -> Task<> {
      const auto done = co_await run.run_pass(pass);
      EXPECT_TRUE(done.has_value());
    });
    begins_ = run.begins;
    expected_ = pass.outcome().expected;
    return pass.outcome().notes;
  }

  static Page page(int records, std::string next_token, std::int64_t total, std::int64_t unseen = 0) {
    Page page{.has_more = !next_token.empty(), .next_token = std::move(next_token), .total = total, .unseen = unseen};
    for (int i = 0; i < records; ++i) page.records.push_back({std::to_string(i), at("2026-01-01T00:00:00Z")});
    return page;
  }

  nlohmann::json resume_ = nullptr;
  std::vector<bool> begins_;
  std::optional<std::int64_t> expected_;
};

TEST_F(PagedScripts, WhatIsLessThanTheProviderSaysIsNoted) {
  for (const auto kind : {CursorKind::full, CursorKind::descending}) {
    EXPECT_TRUE(notes_of(kind, {page(2, "t", 5), page(3, "", 5)}).empty());
    const auto notes = notes_of(kind, {page(2, "t", 5), page(1, "", 5)});
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_NE(notes[0].find("2 records skipped: the provider says that there are 5 records, and showed 3"),
              std::string::npos)
        << notes[0];
  }
  EXPECT_EQ(begins_, (std::vector{true, false}));
}

TEST_F(PagedScripts, WhatWasListedWithoutBeingShownIsNotMissedTwice) {
  EXPECT_TRUE(notes_of(CursorKind::full, {page(4, "", 5, 1)}).empty());
}

TEST_F(PagedScripts, ATotalOfMoreThanThePassSaysNothing) {
  EXPECT_TRUE(notes_of(CursorKind::descending, {page(2, "", 500)}, at("2026-01-15T00:00:00Z")).empty());
  EXPECT_FALSE(expected_.has_value());
  resume_ = {{"walk", "full"}, {"list", {{"token", "t"}}}};
  EXPECT_TRUE(notes_of(CursorKind::full, {page(2, "", 500)}).empty()) << "the pages before are not counted";
  EXPECT_EQ(begins_, std::vector{false});
}

TEST_F(PagedScripts, AnUnchangedFirstPageEndsThePass) {
  Page unchanged;
  unchanged.is_unchanged = true;
  EXPECT_TRUE(notes_of(CursorKind::full, {unchanged}).empty());
  EXPECT_EQ(begins_.size(), 1U);
}

}  // namespace
}  // namespace weir::plugin
