#include "base/error.hpp"

#include <set>

#include <gtest/gtest.h>
#include <boost/asio/error.hpp>
#include <boost/asio/multiple_exceptions.hpp>

namespace weir {
namespace {

TEST(ErrorTable, HasOneRowForEachCodeAndNoNameTwice) {
  std::set<std::string_view> names;
  int code = 0;
  for (const auto& row : error_table()) {
    EXPECT_EQ(static_cast<int>(row.code), code++) << row.name;
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_GE(row.exit_code, 1);
    EXPECT_GE(row.http_status, 400);
  }
  EXPECT_EQ(code, static_cast<int>(ErrorCode::internal) + 1);
}

TEST(CurrentError, OperationsCancelledTogetherAreCancelled) {
  const auto aborted =
      std::make_exception_ptr(boost::system::system_error(make_error_code(boost::asio::error::operation_aborted)));
  try {
    throw boost::asio::multiple_exceptions(aborted);
  } catch (...) {
    EXPECT_EQ(current_error().code, ErrorCode::cancelled);
  }
}

}  // namespace
}  // namespace weir
