#include "plugin/walk/listing.hpp"

#include <numeric>

#include <gtest/gtest.h>

#include "plugin/walk/page_choice.hpp"

namespace weir::plugin {
namespace {

TEST(PageChoice, OverlapsByARecordAtLeastAndReachesFar) {
  EXPECT_EQ(choose_page(0, 100).end(), 100);
  const auto second = choose_page(99, 100);
  EXPECT_EQ(second.page_number, 2);
  EXPECT_EQ(second.page_size, 99);
  std::int64_t requests = 0;
  for (std::int64_t reached = 0; reached < 20'000; ++requests) {
    const auto choice = choose_page(std::max<std::int64_t>(0, reached - 1), 100);
    EXPECT_LE(choice.page_size, 100);
    EXPECT_LE(choice.first(), std::max<std::int64_t>(0, reached - 1));
    EXPECT_GT(choice.end(), reached);
    reached = choice.end();
  }
  EXPECT_LE(requests, 230);  // 200 without overlap
}

TEST(PageChoice, AlwaysOverlapsFromTwentyRecordsAPage) {
  for (std::int64_t first = 0; first < 50'000; ++first) EXPECT_GT(choose_page(first, 20).end(), first + 1) << first;
}

// A listing of numbers, served by index.
class Server {
 public:
  explicit Server(int records) : records_(static_cast<std::size_t>(records)) {
    std::iota(records_.begin(), records_.end(), 0);
  }
  Page serve(const PageQuery& query) {
    Page page;
    const auto first = std::min(records_.size(), static_cast<std::size_t>(query.offset));
    const auto end = std::min(records_.size(), first + static_cast<std::size_t>(query.page_size));
    for (auto i = first; i < end; ++i) page.records.push_back({std::to_string(records_[i])});
    page.has_more = end < records_.size();
    offsets.push_back(query.offset);
    return page;
  }
  void remove(int record) { std::erase(records_, record); }
  void insert_first(int record) { records_.insert(records_.begin(), record); }

  std::vector<std::int64_t> offsets;

 private:
  std::vector<int> records_;
};

constexpr ListingSettings k_by_tens{.order = PageOrder::immutable, .page_size_max = 10};

using Offsets = std::vector<std::int64_t>;
using enum Listing::Verdict;

TEST(Listing, PagesOverlapByOneRecord) {
  Server server(25);
  Listing listing(k_by_tens);
  EXPECT_TRUE(listing.is_first_page());
  EXPECT_EQ(listing.accept(server.serve(listing.next({}))), joined);
  EXPECT_EQ(listing.accept(server.serve(listing.next({}))), joined);
  EXPECT_EQ(listing.accept(server.serve(listing.next({}))), done);
  EXPECT_EQ(server.offsets, (Offsets{0, 9, 18}));
}

TEST(Listing, StepsBackWhenRecordsVanishedBeforeThePlaceReached) {
  Server server(30);
  Listing listing(k_by_tens);
  EXPECT_EQ(listing.accept(server.serve(listing.next({}))), joined);
  server.remove(3);
  server.remove(9);  // the next page would begin with 11: 10 was never shown
  EXPECT_EQ(listing.accept(server.serve(listing.next({}))), torn);
  EXPECT_EQ(listing.accept(server.serve(listing.next({}))), joined);
  EXPECT_EQ(server.offsets, (Offsets{0, 9, 4}));
}

TEST(Listing, StepsBackFromBehindTheEnd) {
  Server server(30);
  Listing listing(k_by_tens);
  EXPECT_EQ(listing.accept(server.serve(listing.next({}))), joined);
  for (int i = 0; i < 26; ++i) server.remove(i);
  EXPECT_EQ(listing.accept(server.serve(listing.next({}))), torn);
  EXPECT_EQ(listing.accept(server.serve(listing.next({}))), torn);
  EXPECT_EQ(listing.accept(server.serve(listing.next({}))), done);
  EXPECT_EQ(server.offsets, (Offsets{0, 9, 4, 0}));
}

TEST(Listing, NewRecordsBeforeThePlaceReachedOnlyRepeatSome) {
  Server server(20);
  Listing listing(k_by_tens);
  EXPECT_EQ(listing.accept(server.serve(listing.next({}))), joined);
  server.insert_first(100);
  EXPECT_EQ(listing.accept(server.serve(listing.next({}))), joined);
  EXPECT_EQ(listing.accept(server.serve(listing.next({}))), done);
}

TEST(Listing, ResumesOnlyWhereItCanProveItsPlace) {
  Server server(30);
  Listing first(k_by_tens);
  ASSERT_EQ(first.accept(server.serve(first.next({}))), joined);
  const auto position = nlohmann::json::parse(first.position().dump());
  EXPECT_LT(position.dump().size(), 500U);

  Listing resumed(k_by_tens, position);
  EXPECT_FALSE(resumed.is_first_page());
  EXPECT_EQ(resumed.accept(server.serve(resumed.next({}))), joined);

  for (int i = 0; i < 15; ++i) server.remove(i);
  Listing lost(k_by_tens, position);
  EXPECT_EQ(lost.accept(server.serve(lost.next({}))), torn);
  EXPECT_EQ(lost.accept(server.serve(lost.next({}))), torn);
  EXPECT_EQ(lost.accept(server.serve(lost.next({}))), joined);
  EXPECT_EQ(server.offsets, (Offsets{0, 9, 9, 4, 0}));
}

TEST(Listing, AForeignPositionBeginsAnew) {
  for (const char* text : {"null", "3", "{}", "[]", R"({"reached": -5, "tail": [1]})", R"({"reached": 5, "tail": []})",
                           R"({"reached": "x", "tail": 1})", R"({"token": "t"})"}) {
    Listing listing(k_by_tens, nlohmann::json::parse(text));
    EXPECT_EQ(listing.next({}).offset, 0) << text;
  }
  Listing tokens({.address = PageAddress::token}, nlohmann::json::parse(R"({"reached": 5, "tail": [1]})"));
  EXPECT_EQ(tokens.next({}).token, "");
}

TEST(Listing, AMovedRecordDoesNotJoin) {
  const ListingSettings sorted{.order = PageOrder::ascending, .page_size_max = 2};
  const auto at = [](int second) { return Instant(std::chrono::seconds(second)); };
  Listing listing(sorted);
  listing.next({});
  ASSERT_EQ(listing.accept({.records = {{"a", at(1)}, {"b", at(2)}}, .has_more = true}), joined);
  // b was changed and stands elsewhere; it is not the place that was reached.
  listing.next({});
  EXPECT_EQ(listing.accept({.records = {{"b", at(9)}, {"c", at(10)}}, .has_more = true}), torn);
}

TEST(Listing, FollowsAServersCursor) {
  Listing listing({.address = PageAddress::token});
  EXPECT_EQ(listing.next({}).token, "");
  EXPECT_EQ(listing.accept({.has_more = true, .next_token = "t1"}), joined);
  EXPECT_EQ(listing.next({}).token, "t1");
  Listing resumed({.address = PageAddress::token}, listing.position());
  EXPECT_EQ(resumed.next({}).token, "t1");
  EXPECT_EQ(resumed.accept({.has_more = false}), done);
}

TEST(Listing, BrokenPagingIsAnErrorNotALoop) {
  Listing same({.address = PageAddress::token});
  ASSERT_TRUE(same.accept({.has_more = true, .next_token = "t"}));
  EXPECT_EQ(same.accept({.has_more = true, .next_token = "t"}).error().code, ErrorCode::provider_failed);
  Listing nowhere({.address = PageAddress::token});
  EXPECT_EQ(nowhere.accept({.has_more = true}).error().code, ErrorCode::provider_failed);
  Listing empty(k_by_tens);
  empty.next({});
  EXPECT_EQ(empty.accept({.has_more = true}).error().code, ErrorCode::provider_failed);

  Listing shuffled(k_by_tens);
  int requests = 0;
  for (Result<Listing::Verdict> verdict = joined; verdict; ++requests) {
    shuffled.next({});
    verdict = shuffled.accept({.records = {{fmt::format("r{}", requests)}}, .has_more = true});
    ASSERT_LT(requests, 10'000);
  }
}

TEST(Listing, PagesThatLeadInACircleEnd) {
  for (int lead = 0; lead <= 20; ++lead) {
    for (int round = 2; round <= 20; ++round) {
      Listing listing({.address = PageAddress::token});
      int pages = 0;
      for (Result<Listing::Verdict> verdict = joined; verdict; ++pages) {
        const auto place = pages <= lead ? pages : lead + (pages - lead) % round;
        verdict = listing.accept({.records = {{"r"}}, .has_more = true, .next_token = fmt::format("t{}", place)});
        ASSERT_LE(pages, 3 * (lead + round)) << lead << " " << round;
      }
      EXPECT_GT(pages, lead + round - 1) << "no page of the circle is missed";
    }
  }
}

TEST(Listing, EmptyPagesForEverEnd) {
  Listing listing({.address = PageAddress::token});
  int pages = 0;
  for (Result<Listing::Verdict> verdict = joined; verdict; ++pages) {
    verdict = listing.accept({.has_more = true, .next_token = fmt::format("t{}", pages)});
    ASSERT_LT(pages, 2'000);
  }
  EXPECT_GT(pages, 900);
}

}  // namespace
}  // namespace weir::plugin
