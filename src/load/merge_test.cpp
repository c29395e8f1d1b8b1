#include "load/merge.hpp"

#include <map>

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "load/batch.hpp"

namespace weir::load {
namespace {

using Key = std::pair<std::string, std::string>;

Resource branch() {
  Resource resource;
  resource.name = "branch";
  for (const auto* name : {"repo_key", "name", "head"}) resource.columns.push_back({name, ColumnType::text});
  resource.key_columns = 2;
  return resource;
}

std::string short_text(Random& random) {
  std::string text(random.below(20), 'a');
  for (auto& c : text) c = "ab\x01\xc3"[random.below(3)];
  if (random.below(3) == 0) text += "ü";
  return text;
}

Key key_at(const RowStore& store, std::uint32_t row) {
  return {std::string(*store.at(row, 0)), std::string(*store.at(row, 1))};
}

TEST(OrderByKey, EachKeyOnceInTheOrderOfItsBytesAndItsLatestRow) {
  const auto resource = branch();
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Random random(seed);
    Batch batch(resource);
    std::map<Key, std::string> expected;  // compares bytes as unsigned
    for (int i = 0; i < 300; ++i) {
      const Key key{short_text(random), short_text(random)};
      const auto head = std::to_string(i);
      ASSERT_TRUE(batch.add_row().text(0, key.first).text(1, key.second).text(2, head).done());
      expected[key] = head;
    }
    const auto& store = batch.store();
    const auto order = order_by_key(store);
    ASSERT_EQ(order.size(), expected.size()) << "seed " << seed;
    auto row = order.begin();
    for (const auto& [key, head] : expected) {
      EXPECT_EQ(key_at(store, *row), key) << "seed " << seed;
      EXPECT_EQ(store.at(*row++, 2), head);
    }
  }
}

TEST(OrderByKey, ARowOlderThanTheOneBeforeItIsLeftOut) {
  const auto resource = branch();
  Batch batch(resource);
  for (const int second : {5, 9, 7})
    batch.add_row().text(0, "r").text(1, "main").source_time(Instant(std::chrono::seconds(second))).done();
  EXPECT_EQ(order_by_key(batch.store()), RowOrder{1});
}

}  // namespace
}  // namespace weir::load
