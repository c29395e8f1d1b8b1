#include "tenancy/key_file.hpp"

#include <sys/stat.h>

#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.hpp"

namespace weir::tenancy {
namespace {

namespace fs = std::filesystem;

struct KeyFileTest : testing::Test {
  test::TemporaryDirectory directory;
  fs::path path = directory.path() / "master.key";

  std::string active() { return read_key_file(path)->active_id(); }
};

TEST_F(KeyFileTest, NoFileIsAnEmptyRing) {
  const auto ring = read_key_file(path);
  ASSERT_TRUE(ring);
  EXPECT_TRUE(ring->entries().empty());
}

TEST_F(KeyFileTest, AKeyThatIsAddedComesFirstInAFileOfItsOwnerOnly) {
  ASSERT_TRUE(add_key_to_file(path, ""));
  const auto first = active();
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  ASSERT_TRUE(add_key_to_file(path, first));
  const auto ring = read_key_file(path);
  ASSERT_TRUE(ring);
  ASSERT_EQ(ring->entries().size(), 2U);
  EXPECT_EQ(ring->entries()[1].id, first);
  EXPECT_EQ(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()), 1);
}

TEST_F(KeyFileTest, WhoComesTooLateAddsNothing) {
  ASSERT_TRUE(add_key_to_file(path, ""));
  const auto first = active();
  ASSERT_TRUE(add_key_to_file(path, ""));
  ASSERT_TRUE(add_key_to_file(path, "another"));
  EXPECT_EQ(active(), first);
  EXPECT_EQ(read_key_file(path)->entries().size(), 1U);
}

TEST_F(KeyFileTest, OfManyAtOnceOneMakesTheFirstKey) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([this] { EXPECT_TRUE(add_key_to_file(path, "")); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(read_key_file(path)->entries().size(), 1U);
}

TEST_F(KeyFileTest, AFileThatOthersCanReadIsRefused) {
  ASSERT_TRUE(add_key_to_file(path, ""));
  for (const auto mode : {0644, 0640, 0604, 0620, 0602}) {
    ::chmod(path.c_str(), static_cast<mode_t>(mode));
    const auto ring = read_key_file(path);
    ASSERT_FALSE(ring) << mode;
    EXPECT_EQ(ring.error().code, ErrorCode::configuration);
    EXPECT_TRUE(ring.error().message.contains("chmod 600")) << ring.error().message;
  }
  ::chmod(path.c_str(), 0400);
  EXPECT_TRUE(read_key_file(path));
}

TEST_F(KeyFileTest, WhatIsNoKeyFileIsRefused) {
  fs::create_directory(path);
  EXPECT_FALSE(read_key_file(path));
  fs::remove(path);
  for (const std::string text : {"", "# nothing\n", "hello",
                                 "\x7f"
                                 "ELF"}) {
    std::ofstream(path) << text;
    ::chmod(path.c_str(), 0600);
    const auto ring = read_key_file(path);
    ASSERT_FALSE(ring) << text;
    EXPECT_EQ(ring.error().code, ErrorCode::configuration);
  }
  std::ofstream(path) << std::string(100'000, '#');
  EXPECT_FALSE(read_key_file(path));
}

TEST_F(KeyFileTest, ALinkStaysALink) {
  ASSERT_TRUE(add_key_to_file(path, ""));
  const auto first = active();
  const auto link = directory.path() / "link";
  fs::create_symlink(path, link);
  ASSERT_TRUE(add_key_to_file(link, first));
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(read_key_file(path)->entries().size(), 2U);
}

TEST_F(KeyFileTest, APlaceThatCannotBeWrittenIsNamed) {
  const auto made = add_key_to_file(directory.path() / "missing" / "master.key", "");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::configuration);
  EXPECT_TRUE(made.error().message.contains("missing/master.key")) << made.error().message;
}

}  // namespace
}  // namespace weir::tenancy
