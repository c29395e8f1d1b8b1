#include "pg/embedded/embedded_server.hpp"

#include <signal.h>
#include <sys/types.h>

#include <cstdlib>
#include <thread>

#include <gtest/gtest.h>

#include "pg/blocking_session.hpp"
#include "pg/embedded/account.hpp"

namespace weir::pg {
namespace {

namespace fs = std::filesystem;

// A home under /tmp, removed at the end; the guard is the real binary.
class EmbeddedServerTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* binary = std::getenv("WEIR_BINARY");
    ASSERT_NE(binary, nullptr) << "ctest sets WEIR_BINARY";
    std::string pattern = "/tmp/weir-embedded-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    settings_.home = fs::path(pattern);
    settings_.executable = binary;
    settings_.linger = std::chrono::milliseconds(100);
    settings_.durability = Durability::none;
    if (is_root()) settings_.account = "postgres";
  }
  void TearDown() override {
    stop_embedded(settings_, StopMode::always);
    fs::remove_all(settings_.home);
  }

  std::optional<pid_t> server_pid() const { return inspect_embedded(settings_).server_pid; }
  bool is_gone_soon() const {
    const auto deadline = Deadline::in(std::chrono::seconds(20));
    while (server_pid() && !deadline.is_over()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return !server_pid();
  }

  EmbeddedSettings settings_;
};

TEST_F(EmbeddedServerTest, LivesAsLongAsItsHoldersAndComesBackAfterACrash) {
  auto one = start_or_join_embedded(settings_);
  ASSERT_TRUE(one.has_value()) << one.error().message << one.error().detail;
  auto two = start_or_join_embedded(settings_);
  ASSERT_TRUE(two.has_value()) << two.error().message;
  EXPECT_EQ((*one)->login_url(), (*two)->login_url());
  EXPECT_EQ(stop_embedded(settings_, StopMode::when_unused).error().code, ErrorCode::conflict);

  const auto first_pid = server_pid().value();
  one->reset();
  std::this_thread::sleep_for(std::chrono::milliseconds(500));  // five times the linger
  EXPECT_EQ(server_pid(), first_pid);

  ASSERT_EQ(::kill(first_pid, SIGKILL), 0);
  ASSERT_TRUE(is_gone_soon());
  const auto back = (*two)->ensure_running();
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_NE(server_pid().value(), first_pid);
  EXPECT_TRUE(BlockingSession::open((*two)->login_url()).has_value());

  two->reset();
  EXPECT_TRUE(is_gone_soon());
}

}  // namespace
}  // namespace weir::pg
