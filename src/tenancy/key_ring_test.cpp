#include "tenancy/key_ring.hpp"

#include <gtest/gtest.h>

namespace weir::tenancy {
namespace {

const std::string k_first = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const std::string k_second = "HxwdHh8AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRo=";

Result<KeyRing> parse(const std::string& text) { return KeyRing::parse(Secret(text), "keys"); }

TEST(KeyRing, TheFirstLineIsTheActiveKey) {
  const auto ring = parse("# a comment\n\nm2 " + k_second + "\n  m1\t" + k_first + "  \r\n");
  ASSERT_TRUE(ring);
  ASSERT_EQ(ring->entries().size(), 2U);
  EXPECT_EQ(ring->active_id(), "m2");
  ASSERT_NE(ring->find("m1"), nullptr);
  EXPECT_EQ(ring->find("m1")->to_base64().reveal(), k_first);
  EXPECT_EQ(ring->find("m3"), nullptr);
}

TEST(KeyRing, ABrokenLineIsNamedButNotShown) {
  for (const auto& line : {std::string("m1"), "m1 " + k_first.substr(4), "m1 " + k_first + k_first, "m/1 " + k_first,
                           k_first, "m1 " + k_first + " retired"}) {
    const auto ring = parse("# keys\n" + line + "\n");
    ASSERT_FALSE(ring) << line;
    EXPECT_EQ(ring.error().code, ErrorCode::configuration);
    EXPECT_TRUE(ring.error().message.contains("keys, line 2")) << ring.error().message;
    EXPECT_FALSE(ring.error().message.contains(k_first.substr(4, 20)));
  }
}

TEST(KeyRing, AnIdStandsThereOnce) {
  const auto ring = parse("m1 " + k_first + "\nm1 " + k_second + "\n");
  ASSERT_FALSE(ring);
  EXPECT_TRUE(ring.error().message.contains("line 2")) << ring.error().message;
}

TEST(KeyRing, ANewKeyComesFirstAndTheRestStays) {
  const std::string before = "# of production\n\nm1 " + k_first + "\n# old\nm0 " + k_second;
  const auto text = KeyRing::with_active(Secret(before), "m2", *Key::from_base64(k_second));
  EXPECT_EQ(text.reveal(), "# of production\n\nm2 " + k_second + "\nm1 " + k_first + "\n# old\nm0 " + k_second);
}

TEST(KeyRing, AFirstKeyMakesAFileThatExplainsItself) {
  const auto text = KeyRing::with_active(Secret(), "m1", *Key::from_base64(k_first));
  EXPECT_TRUE(text.reveal().starts_with("# "));
  const auto ring = KeyRing::parse(text, "keys");
  ASSERT_TRUE(ring);
  EXPECT_EQ(ring->active_id(), "m1");
}

TEST(KeyRing, IdsDiffer) { EXPECT_NE(KeyRing::make_id(), KeyRing::make_id()); }

}  // namespace
}  // namespace weir::tenancy
