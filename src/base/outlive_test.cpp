#include "base/outlive.hpp"

#include <functional>
#include <new>

#include <gtest/gtest.h>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace weir {
namespace {

// What a loop that meets this failure writes down.
std::string log_of(const std::function<void()>& fails, LogLevel level) {
  testing::internal::CaptureStderr();
  try {
    fails();
  } catch (...) {
    outlive("reaper", level);
  }
  return testing::internal::GetCapturedStderr();
}

void fail_with(ErrorCode code) { throw Failure({code, "no"}); }

TEST(Outlive, ABrokenEnvironmentIsLoggedAtTheLevelThatIsAskedFor) {
  const auto fails = [] { fail_with(ErrorCode::database_unreachable); };
  EXPECT_EQ(log_of(fails, LogLevel::debug), "");
  const auto written = log_of(fails, LogLevel::warning);
  EXPECT_TRUE(written.contains(" warning ")) << written;
  EXPECT_TRUE(written.contains("reaper: no")) << written;
}

TEST(Outlive, WhatNobodyExpectsIsAnError) {
  const std::vector<std::function<void()>> unexpected{
      [] { throw std::bad_alloc(); },
      [] { throw boost::system::system_error(boost::asio::error::connection_reset); },
      [] { throw std::runtime_error("a bug"); },
      [] { throw 7; },
      [] { fail_with(ErrorCode::internal); },
  };
  for (const auto& fails : unexpected) {
    const auto written = log_of(fails, LogLevel::debug);
    EXPECT_TRUE(written.contains(" error ")) << written;
    EXPECT_TRUE(written.contains("reaper: ")) << written;
  }
}

TEST(Outlive, TheEndOfACancelledCoroutineIsThrownOn) {
  const auto aborted = [] { throw boost::system::system_error(boost::asio::error::operation_aborted); };
  EXPECT_THROW(log_of(aborted, LogLevel::error), boost::system::system_error);
  testing::internal::GetCapturedStderr();
  EXPECT_THROW(log_of([] { fail_with(ErrorCode::cancelled); }, LogLevel::error), Failure);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace weir
