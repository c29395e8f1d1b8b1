#include "plugin/walk/walk.hpp"

#include <set>

#include <gtest/gtest.h>

namespace weir::plugin {
namespace {

using namespace std::chrono;

Instant at(std::string_view text) { return *parse_rfc3339(text); }

WalkSettings settings_of(CursorKind kind) {
  WalkSettings settings;
  settings.kind = kind;
  settings.listing.order = PageOrder::immutable;
  settings.listing.page_size_max = 10;
  return settings;
}

Page page_of(int records, bool has_more = false) {
  Page page;
  for (int i = 0; i < records; ++i) page.records.push_back({std::to_string(i)});
  page.has_more = has_more;
  return page;
}

struct Window {
  std::string from, to;
  bool operator==(const Window&) const = default;
};
void PrintTo(const Window& window, std::ostream* out) { *out << window.from << ".." << window.to; }

Window window_of(const PageQuery& query) {
  return {query.from ? format_rfc3339(*query.from) : "", query.to ? format_rfc3339(*query.to) : ""};
}

class WindowWalkTest : public testing::Test {
 protected:
  // Plays a pass against a source that has `count(from, to)` records in a window; the windows asked for.
  template <class Count>
  std::vector<Window> play(std::optional<Instant> start, Instant end, Count count,
                           std::optional<std::int64_t> results_max = std::nullopt) {
    auto settings = settings_of(CursorKind::window);
    settings.results_max = results_max;
    auto walk = make_walk(settings, start, end, nullptr);
    std::vector<Window> windows;
    while (auto query = walk->next()) {
      EXPECT_LT(windows.size(), 1000U);
      if (query->offset == 0) windows.push_back(window_of(*query));
      const std::int64_t total = count(query->from, *query->to);
      const auto first = std::min<std::int64_t>(total, query->offset);
      auto page = Page{};
      for (auto i = first; i < std::min(total, first + query->page_size); ++i)
        page.records.push_back({std::to_string(i)});
      page.has_more = first + query->page_size < total;
      page.total = total;
      const auto step = walk->accept(page);
      EXPECT_TRUE(step.has_value());
      if (step->capped) caps.push_back(*step->capped);
      last_position = walk->position();
    }
    return windows;
  }

  std::vector<CappedRange> caps;
  nlohmann::json last_position;
};

// A second before the start: a pass begins with the whole granule of its start.
constexpr auto k_start = "2026-01-01T00:00:00Z";
constexpr auto k_just_before = "2025-12-31T23:59:59.999999Z";

TEST_F(WindowWalkTest, AsksTheWholeRangeFirst) {
  const auto windows = play(at(k_start), at("2026-07-20T00:00:00Z"), [](auto, auto) { return 10; });
  EXPECT_EQ(windows, (std::vector<Window>{{k_just_before, "2026-07-20T00:00:00Z"}}));
}

TEST_F(WindowWalkTest, CutsToItsDurationWhenThereIsMoreThanAPage) {
  const auto windows = play(at(k_start), at("2026-01-04T00:00:00Z"),
                            [](auto from, auto to) { return (to - *from) > hours(25) ? 30 : 15; });
  EXPECT_EQ(windows, (std::vector<Window>{{k_just_before, "2026-01-04T00:00:00Z"},
                                          {k_just_before, "2026-01-01T23:59:59Z"},
                                          {"2026-01-01T23:59:59Z", "2026-01-02T23:59:59Z"},
                                          {"2026-01-02T23:59:59Z", "2026-01-03T23:59:59Z"},
                                          {"2026-01-03T23:59:59Z", "2026-01-04T00:00:00Z"}}));
}

TEST_F(WindowWalkTest, QuietYearsCostAFewRequests) {
  const auto is_busy = at("2026-01-01T00:00:00Z");
  const auto windows =
      play(std::nullopt, at("2026-03-01T00:00:00Z"), [&](auto, auto to) { return to > is_busy ? 11 : 0; });
  // 60 busy days, 15 windows that double through the quiet years, and the search for the day on which they end.
  EXPECT_LT(windows.size(), 100U);
  EXPECT_EQ(windows.front().from, "");
  EXPECT_EQ(windows[1].to, "1970-01-01T00:00:00Z");
}

TEST_F(WindowWalkTest, ACappedWindowIsHalvedUntilItFits) {
  const auto windows = play(
      at(k_start), at("2026-01-01T08:00:00Z"),
      [](auto from, auto to) { return duration_cast<minutes>(to - *from).count() > 60 ? 1000 : 5; }, 1000);
  EXPECT_EQ(windows.front().to, "2026-01-01T08:00:00Z");
  EXPECT_EQ(windows[1].to, "2026-01-01T03:59:59Z");
  EXPECT_EQ(windows[2].to, "2026-01-01T01:59:59Z");
  EXPECT_TRUE(caps.empty());
}

TEST_F(WindowWalkTest, AnIndivisibleCapIsAGap) {
  const auto full = at("2026-01-01T00:00:05Z");
  const auto windows = play(
      at(k_start), at("2026-01-01T00:00:10Z"), [&](auto from, auto to) { return *from < full && full <= to ? 50 : 1; },
      50);
  ASSERT_EQ(caps.size(), 1U);
  EXPECT_EQ(caps[0].from, at("2026-01-01T00:00:04Z"));
  EXPECT_EQ(caps[0].to, full);
  EXPECT_LT(windows.size(), 20U);
}

TEST_F(WindowWalkTest, ResumesAtTheWindowThatWasOpen) {
  auto settings = settings_of(CursorKind::window);
  auto walk = make_walk(settings, at(k_start), at("2026-01-04T00:00:00Z"), nullptr);
  ASSERT_TRUE(walk->next());
  ASSERT_TRUE(walk->accept(page_of(10, true)));  // cut
  ASSERT_TRUE(walk->next());
  ASSERT_TRUE(walk->accept(page_of(3)));  // the first day is done
  const auto resumed = make_walk(settings, at(k_start), at("2026-01-04T00:00:00Z"), walk->position());
  EXPECT_EQ(window_of(*resumed->next()), window_of(*walk->next()));
  EXPECT_EQ(window_of(*resumed->next()).from, "2026-01-01T23:59:59Z");
}

TEST_F(WindowWalkTest, PagesOfAMutableOrderAreNotResumed) {
  for (const auto order : {PageOrder::immutable, PageOrder::ascending}) {
    auto settings = settings_of(CursorKind::window);
    settings.listing.order = order;
    settings.window_duration = days(30);
    auto walk = make_walk(settings, at(k_start), at("2026-01-04T00:00:00Z"), nullptr);
    ASSERT_TRUE(walk->next());
    ASSERT_TRUE(walk->accept(page_of(10, true)));
    const auto resumed = make_walk(settings, at(k_start), at("2026-01-04T00:00:00Z"), walk->position());
    EXPECT_EQ(resumed->next()->offset, order == PageOrder::immutable ? 9 : 0);
  }
}

TEST_F(WindowWalkTest, TheEndOfAProviderThatIsBehindIsEarlier) {
  auto walk = make_walk(settings_of(CursorKind::window), at(k_start), at("2026-01-04T00:00:00Z"), nullptr);
  ASSERT_TRUE(walk->next());
  walk->limit_end(at("2026-01-03T00:00:00Z"));
  ASSERT_TRUE(walk->accept(page_of(10, true)));
  ASSERT_TRUE(walk->next());
  EXPECT_LE(*walk->next()->to, at("2026-01-03T00:00:00Z"));
}

Page page_at(std::initializer_list<std::pair<const char*, int>> records, bool has_more) {
  Page page;
  for (const auto& [key, second] : records) page.records.push_back({key, at(k_start) + seconds(second)});
  page.has_more = has_more;
  return page;
}

TEST(AscendingWalk, AsksTheFirstPageAgainFromTheLastValue) {
  auto walk = make_walk(settings_of(CursorKind::ascending), at(k_start), at("2026-02-01T00:00:00Z"), nullptr);
  EXPECT_TRUE(walk->next()->is_from_included);
  ASSERT_TRUE(walk->accept(page_at({{"a", 1}, {"b", 2}}, true)));
  EXPECT_EQ(walk->next()->from, at(k_start) + seconds(2));
  EXPECT_EQ(walk->next()->offset, 0);
  EXPECT_FALSE(walk->next()->to.has_value());
  const auto resumed =
      make_walk(settings_of(CursorKind::ascending), at(k_start), at("2026-02-01T00:00:00Z"), walk->position());
  EXPECT_EQ(resumed->next()->from, at(k_start) + seconds(2));
  ASSERT_TRUE(walk->accept(page_at({{"b", 2}, {"c", 3}}, false)));
  EXPECT_FALSE(walk->next());
}

TEST(AscendingWalk, WalksThePagesOfOneInstant) {
  auto walk = make_walk(settings_of(CursorKind::ascending), at(k_start), at("2026-02-01T00:00:00Z"), nullptr);
  walk->next();
  ASSERT_TRUE(walk->accept(page_at({{"a", 5}, {"b", 5}}, true)));
  EXPECT_EQ(walk->next()->offset, 0);
  ASSERT_TRUE(walk->accept(page_at({{"a", 5}, {"b", 5}}, true)));
  EXPECT_EQ(walk->next()->offset, 1);
  ASSERT_TRUE(walk->accept(page_at({{"b", 5}, {"c", 5}}, true)));
  EXPECT_EQ(walk->next()->offset, 2);
  EXPECT_EQ(walk->next()->from, at(k_start) + seconds(5));
  ASSERT_TRUE(walk->accept(page_at({{"c", 5}, {"d", 6}}, true)));
  EXPECT_EQ(walk->next()->offset, 0);
  EXPECT_EQ(walk->next()->from, at(k_start) + seconds(6));
}

TEST(AscendingWalk, EndsAtThePassesEndEvenIfTheListingNeverDoes) {
  auto walk = make_walk(settings_of(CursorKind::ascending), at(k_start), at(k_start) + seconds(10), nullptr);
  walk->next();
  ASSERT_TRUE(walk->accept(page_at({{"a", 9}, {"b", 11}}, true)));
  EXPECT_FALSE(walk->next());
}

TEST(AscendingWalk, AnInstantThatIsNotShownWholeIsAGap) {
  auto walk = make_walk(settings_of(CursorKind::ascending), at(k_start) + seconds(5), at(k_start) + hours(1), nullptr);
  walk->next();
  auto capped = page_at({{"a", 5}, {"b", 5}}, false);
  capped.is_capped = true;
  ASSERT_TRUE(walk->accept(capped));  // from just before 5 s: the instant itself is asked for next
  walk->next();
  const auto step = walk->accept(capped);
  ASSERT_TRUE(step.has_value());
  ASSERT_TRUE(step->capped.has_value());
  EXPECT_EQ(step->capped->from, at(k_start) + seconds(5));
  EXPECT_EQ(walk->next()->from, at(k_start) + seconds(6));
}

TEST(DescendingWalk, StopsAtTheFirstRecordThatIsNotNewer) {
  auto walk = make_walk(settings_of(CursorKind::descending), at(k_start), at("2026-02-01T00:00:00Z"), nullptr);
  walk->next();
  ASSERT_TRUE(walk->accept(page_at({{"d", 30}, {"c", 20}}, true)));
  EXPECT_EQ(walk->next()->offset, 1);
  ASSERT_TRUE(walk->accept(page_at({{"c", 20}, {"a", -1}}, true)));
  EXPECT_FALSE(walk->next());
}

TEST(DescendingWalk, ResumesAtItsPage) {
  const auto settings = settings_of(CursorKind::descending);
  auto walk = make_walk(settings, at(k_start), at("2026-02-01T00:00:00Z"), nullptr);
  walk->next();
  ASSERT_TRUE(walk->accept(page_at({{"d", 30}, {"c", 20}}, true)));
  auto resumed = make_walk(settings, at(k_start), at("2026-02-01T00:00:00Z"), walk->position());
  EXPECT_EQ(resumed->next()->offset, 1);
  // Newer records pushed the listing down: everything up to here was shown before.
  ASSERT_TRUE(resumed->accept(page_at({{"e", 25}, {"f", 22}}, true)));
  EXPECT_EQ(resumed->next()->offset, 2);
}

TEST(DescendingWalk, ACapBeforeTheStartIsAGap) {
  auto walk = make_walk(settings_of(CursorKind::descending), at(k_start), at("2026-02-01T00:00:00Z"), nullptr);
  walk->next();
  auto capped = page_at({{"d", 30}, {"c", 20}}, false);
  capped.is_capped = true;
  const auto step = walk->accept(capped);
  ASSERT_TRUE(step->capped.has_value());
  EXPECT_EQ(step->capped->to, at(k_start) + seconds(20));
  EXPECT_FALSE(walk->next());
}

// A source of `records` with one in each second, of which it shows `shown_max` for a query.
struct CutSource {
  std::vector<std::pair<std::string, int>> records;  // newest first
  std::size_t shown_max;
  std::set<std::string> seen{};
  std::vector<Window> listings{};

  Page answer(const PageQuery& query) {
    const auto below = query.to.value_or(Instant::max());
    std::vector<PageRecord> found;
    for (const auto& [key, second] : records)
      if (at(k_start) + seconds(second) <= below) found.push_back({key, at(k_start) + seconds(second)});
    Page page{.total = static_cast<std::int64_t>(found.size())};
    page.is_capped = found.size() >= shown_max;
    found.resize(std::min(found.size(), shown_max));
    if (query.offset == 0) listings.push_back(window_of(query));
    for (auto i = static_cast<std::size_t>(query.offset); i < found.size() && page.records.size() < 10; ++i) {
      seen.insert(found[i].key);
      page.records.push_back(found[i]);
    }
    page.has_more = static_cast<std::size_t>(query.offset) + page.records.size() < found.size();
    return page;
  }
};

struct CutPass {
  CutSource source;
  std::vector<CappedRange> caps{};
  bool crashes = false;

  void play(std::optional<Instant> start) {
    auto settings = settings_of(CursorKind::descending);
    settings.asks_up_to = true;
    const auto end = at("2026-02-01T00:00:00Z");
    auto walk = make_walk(settings, start, end, nullptr);
    for (int requests = 0; auto query = walk->next(); ++requests) {
      ASSERT_LT(requests, 100);
      const auto step = walk->accept(source.answer(*query));
      ASSERT_TRUE(step.has_value());
      if (step->capped) caps.push_back(*step->capped);
      if (crashes && walk->next()) walk = make_walk(settings, start, end, walk->position());
    }
  }
};

TEST(DescendingWalk, WhatLiesBelowACutIsAskedForAgain) {
  for (const bool crashes : {false, true}) {
    CutPass pass{.source = {.records = {}, .shown_max = 25}, .crashes = crashes};
    for (int i = 99; i >= 0; --i) pass.source.records.emplace_back(std::to_string(i), i);
    pass.play(std::nullopt);
    EXPECT_EQ(pass.source.seen.size(), 100U);
    EXPECT_TRUE(pass.caps.empty());
    ASSERT_GE(pass.source.listings.size(), 4U);
    EXPECT_EQ(pass.source.listings[0].to, "");
    EXPECT_EQ(pass.source.listings[1].to, "2026-01-01T00:01:15Z");
  }
}

TEST(DescendingWalk, ACutBehindTheStartIsNone) {
  CutPass pass{.source = {.records = {}, .shown_max = 25}};
  for (int i = 99; i >= 0; --i) pass.source.records.emplace_back(std::to_string(i), i);
  pass.play(at(k_start) + seconds(90));
  EXPECT_EQ(pass.source.listings.size(), 1U);
  EXPECT_TRUE(pass.caps.empty());
}

TEST(DescendingWalk, ASecondThatIsNotShownWholeIsAGapAndTheRestGoesOn) {
  CutPass pass{.source = {.records = {{"new", 9}}, .shown_max = 25}};
  for (int i = 0; i < 40; ++i) pass.source.records.emplace_back("many" + std::to_string(i), 5);
  pass.source.records.emplace_back("old", 1);
  pass.play(std::nullopt);
  ASSERT_EQ(pass.caps.size(), 1U);
  EXPECT_EQ(pass.caps[0].from, at(k_start) + seconds(5));
  EXPECT_EQ(pass.caps[0].to, at(k_start) + seconds(6));
  EXPECT_TRUE(pass.source.seen.contains("new"));
  EXPECT_TRUE(pass.source.seen.contains("old"));
}

TEST(DescendingWalk, AProviderThatDoesNotListenIsAGapAndNoEndlessPass) {
  auto settings = settings_of(CursorKind::descending);
  settings.asks_up_to = true;
  auto walk = make_walk(settings, std::nullopt, at("2026-02-01T00:00:00Z"), nullptr);
  int requests = 0;
  std::vector<CappedRange> caps;
  for (; walk->next(); ++requests) {
    ASSERT_LT(requests, 10);
    auto same = page_at({{"d", 30}, {"c", 20}}, false);
    same.total = 500;
    same.is_capped = true;
    const auto step = walk->accept(same);
    ASSERT_TRUE(step.has_value());
    if (step->capped) caps.push_back(*step->capped);
  }
  EXPECT_EQ(requests, 3);
  ASSERT_EQ(caps.size(), 2U);  // the second that the cut is in, and everything below it
  EXPECT_EQ(caps.back().from, std::nullopt);
}

TEST(DescendingWalk, ARefusedPageIsACutWhereTheListingWas) {
  auto settings = settings_of(CursorKind::descending);
  settings.asks_up_to = true;
  auto walk = make_walk(settings, at(k_start), at("2026-02-01T00:00:00Z"), nullptr);
  walk->next();
  ASSERT_TRUE(walk->accept(page_at({{"d", 30}, {"c", 20}}, true)));
  walk->next();
  ASSERT_TRUE(walk->accept(Page{.is_capped = true}));
  const auto query = walk->next();
  ASSERT_TRUE(query.has_value());
  EXPECT_EQ(query->to, at(k_start) + seconds(20));
  EXPECT_EQ(query->offset, 0);
}

TEST(FullWalk, ListsEverythingAndResumesOnlyAnImmutableOrder) {
  for (const auto order : {PageOrder::immutable, PageOrder::ascending, PageOrder::unspecified}) {
    auto settings = settings_of(CursorKind::full);
    settings.listing.order = order;
    auto walk = make_walk(settings, at(k_start), at("2026-02-01T00:00:00Z"), nullptr);
    EXPECT_EQ(walk->next()->from, std::nullopt);
    ASSERT_TRUE(walk->accept(page_of(10, true)));
    const auto resumed = make_walk(settings, at(k_start), at("2026-02-01T00:00:00Z"), walk->position());
    EXPECT_EQ(resumed->next()->offset, order == PageOrder::immutable ? 9 : 0);
  }
}

TEST(Walks, AForeignPositionBeginsThePassAnew) {
  for (const auto kind : {CursorKind::window, CursorKind::ascending, CursorKind::descending, CursorKind::full})
    for (const char* text : {"null", "[]", "7", R"({"walk": "other"})", R"({"walk": 5})", R"({"heads": {}})",
                             R"({"walk": "window", "from": "x", "width": -5, "to": {}, "list": 3})"}) {
      auto walk = make_walk(settings_of(kind), at(k_start), at("2026-02-01T00:00:00Z"), nlohmann::json::parse(text));
      const auto query = walk->next();
      ASSERT_TRUE(query.has_value()) << text;
      EXPECT_EQ(query->offset, 0) << text;
    }
}

}  // namespace
}  // namespace weir::plugin
