#include "base/digest.hpp"

#include <gtest/gtest.h>

namespace weir {
namespace {

// As `printf Weir | b2sum -l 128` has it: what was stored by an earlier version is found again.
TEST(HexDigest, IsBlake2bOf128Bits) { EXPECT_EQ(hex_digest("Weir"), "6c5bbe143271d6daadbe479f0212947e"); }

}  // namespace
}  // namespace weir
