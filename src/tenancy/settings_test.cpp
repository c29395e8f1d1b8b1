#include "tenancy/settings.hpp"

#include <gtest/gtest.h>

namespace weir::tenancy {
namespace {

const std::vector<ConfigKey> k_keys{
    {.name = "GITHUB_TOKEN",
     .description = "A token",
     .is_required = true,
     .is_secret = true,
     .default_value = {},
     .pattern = "gh[a-z]_.*"},
    {.name = "GITHUB_ORG",
     .description = "The organisation",
     .is_required = true,
     .default_value = {},
     .pattern = "[A-Za-z0-9-]+"},
    {.name = "GITHUB_API_URL",
     .description = "The API",
     .is_identity = true,
     .default_value = "https://api.github.com",
     .pattern = {}},
    {.name = "GITHUB_NOTE", .description = "", .default_value = {}, .pattern = {}},
};
const SettingsSubject k_subject{"github", "gh"};

SettingChanges values(std::map<std::string, std::string> given) {
  SettingChanges changes;
  changes.values = std::move(given);
  return changes;
}

SettingChanges complete() {
  auto changes = values({{"GITHUB_ORG", "acme"}});
  changes.secrets.emplace("GITHUB_TOKEN", Secret("ghp_1"));
  return changes;
}

StoredSettings stored() { return {{{"GITHUB_ORG", "acme"}}, {"GITHUB_TOKEN"}, false}; }

// What is said about changes of a complete source.
std::string problem(const SettingChanges& changes) {
  const auto checked = check_changes(k_subject, k_keys, stored(), changes);
  if (checked) return "";
  EXPECT_EQ(checked.error().code, ErrorCode::invalid_input);
  return checked.error().message;
}

TEST(Settings, CompleteOnesAreGood) {
  EXPECT_TRUE(check_changes(k_subject, k_keys, {}, complete()));
  EXPECT_EQ(problem({}), "");
}

TEST(Settings, AMisspeltKeyIsToldTheNearest) {
  EXPECT_TRUE(problem(values({{"GITHUB_ROG", "acme"}})).contains("did you mean GITHUB_ORG?"));
  EXPECT_TRUE(problem(values({{"JIRA_URL", "x"}})).contains("it knows GITHUB_TOKEN, GITHUB_ORG"));
}

TEST(Settings, ASecretIsNoArgumentAndAPlainSettingNoSecret) {
  const auto said = problem(values({{"GITHUB_TOKEN", "ghp_hush"}}));
  EXPECT_TRUE(said.contains("--secret-env")) << said;
  EXPECT_FALSE(said.contains("hush"));
  SettingChanges changes;
  changes.secrets.emplace("GITHUB_ORG", Secret("hush"));
  EXPECT_TRUE(problem(changes).contains("--set GITHUB_ORG=...")) << problem(changes);
  EXPECT_FALSE(problem(changes).contains("hush"));
}

TEST(Settings, AllMistakesAreSaidAtOnce) {
  const auto checked = check_changes(k_subject, k_keys, {}, values({{"GITHUB_ROG", "a"}, {"GITHUB_NOTE", ""}}));
  ASSERT_FALSE(checked);
  for (const auto* part : {"GITHUB_ROG", "GITHUB_NOTE is empty", "GITHUB_TOKEN is required", "GITHUB_ORG is required"})
    EXPECT_TRUE(checked.error().message.contains(part)) << part << "\n" << checked.error().message;
}

TEST(Settings, APatternIsKept) {
  EXPECT_TRUE(problem(values({{"GITHUB_ORG", "a b"}})).contains("pattern [A-Za-z0-9-]+"));
  EXPECT_EQ(problem(values({{"GITHUB_ORG", "a-b"}})), "");
  SettingChanges changes;
  changes.secrets.emplace("GITHUB_TOKEN", Secret("hush"));
  EXPECT_TRUE(problem(changes).contains("the secret GITHUB_TOKEN does not look as it should"));
  EXPECT_FALSE(problem(changes).contains("hush"));
}

TEST(Settings, APatternThatWouldNeverEndIsRefusedInBoundedTime) {
  const std::vector<ConfigKey> keys{{.name = "K", .description = "", .default_value = {}, .pattern = "(a*)*b"}};
  EXPECT_FALSE(check_changes({"p", "s"}, keys, {}, values({{"K", std::string(60'000, 'a')}})));
}

TEST(Settings, ValuesAreTextOfBoundedLength) {
  EXPECT_TRUE(problem(values({{"GITHUB_NOTE", std::string("a\0b", 3)}})).contains("not text"));
  EXPECT_TRUE(problem(values({{"GITHUB_NOTE", "a\xff"}})).contains("not text"));
  EXPECT_TRUE(problem(values({{"GITHUB_NOTE", "a\x1b[2J"}})).contains("not text"));
  EXPECT_EQ(problem(values({{"GITHUB_NOTE", "zwei\nZeilen äöü"}})), "");
  EXPECT_EQ(problem(values({{"GITHUB_NOTE", std::string(65'536, 'x')}})), "");
  EXPECT_TRUE(problem(values({{"GITHUB_NOTE", std::string(65'537, 'x')}})).contains("64 KiB"));
  SettingChanges changes;
  changes.secrets.emplace("GITHUB_TOKEN", Secret(""));
  EXPECT_TRUE(problem(changes).contains("is empty"));
}

TEST(Settings, AUrlWithAPasswordIsRefused) {
  for (const auto* url : {"https://hush@example.com/x.git",
                          "https://me:hush@example.com/x",
                          "HTTP://hush@h",
                          "ssh://me:hush@host/x",
                          "https://ok.example.com,https://hush@b.example.com/x",
                          "git+https://hush@example.com",
                          "https://example.com/x.git?private_token=hush",
                          "https://example.com/?a=b&access_token=hush",
                          "https://example.com?token=hush",
                          "https://example.com/x;api_key=hush",
                          "https://example.com/?ApiKey=hush",
                          "https://example.com/?x-api-key=hush",
                          "https://example.com/?password=hush&b=c",
                          "https://example.com/?client_secret=hush",
                          "https://example.com/?secret=hush",
                          "https://example.com/?key=hush",
                          "https://example.com/?auth=hush",
                          "https://example.com/?private%5Ftoken=hush",
                          "https://example.com/#access_token=hush",
                          "https://ok.example.com,https://b.example.com/?token=hush"}) {
    const auto said = problem(values({{"GITHUB_NOTE", url}}));
    EXPECT_TRUE(said.contains("as the secret GITHUB_TOKEN")) << url << "\n" << said;
    EXPECT_FALSE(said.contains("hush")) << said;
  }
  for (const auto* url :
       {"https://example.com/x@y", "ssh://git@example.com/x", "git@example.com:a/b.git",
        "https://example.com:8443/?q=a@b", "http://[::1]:80/", "mailto:a@b", "https://example.com/?tokens=5",
        "https://example.com/?project_key=ABC&keyword=x", "https://example.com/token=x", "https://example.com/?q=token",
        "https://example.com/?token=", "who?token=5"})
    EXPECT_EQ(problem(values({{"GITHUB_NOTE", url}})), "") << url;
}

TEST(Settings, RequiredOnesCannotGo) {
  SettingChanges changes;
  changes.unset = {"GITHUB_ORG", "GITHUB_TOKEN"};
  EXPECT_TRUE(problem(changes).contains("GITHUB_ORG is required"));
  EXPECT_TRUE(problem(changes).contains("GITHUB_TOKEN is required"));
  EXPECT_EQ(missing_keys(k_keys, {}), (std::vector<std::string>{"GITHUB_TOKEN", "GITHUB_ORG"}));
  EXPECT_TRUE(missing_keys(k_keys, stored()).empty());
}

TEST(Settings, ARequiredKeyWithADefaultIsNeverMissing) {
  const std::vector<ConfigKey> keys{
      {.name = "K", .description = "", .is_required = true, .default_value = "v", .pattern = {}}};
  EXPECT_TRUE(missing_keys(keys, {}).empty());
}

TEST(Settings, IdentityIsFixedAfterTheFirstImport) {
  auto now = stored();
  now.values["GITHUB_API_URL"] = "https://ghe.example.com";
  const auto other = values({{"GITHUB_API_URL", "https://other.example.com"}});
  EXPECT_TRUE(check_changes(k_subject, k_keys, now, other));
  now.is_imported = true;
  const auto checked = check_changes(k_subject, k_keys, now, other);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::conflict);
  EXPECT_TRUE(checked.error().message.contains("add a new data source")) << checked.error().message;
  EXPECT_TRUE(check_changes(k_subject, k_keys, now, values({{"GITHUB_API_URL", "https://ghe.example.com"}})));
  SettingChanges unset;
  unset.unset = {"GITHUB_API_URL"};
  EXPECT_FALSE(check_changes(k_subject, k_keys, now, unset));
  EXPECT_TRUE(check_changes(k_subject, k_keys, now, values({{"GITHUB_ORG", "other"}})));
}

TEST(Settings, TheDefaultIsAnIdentityToo) {
  auto now = stored();
  now.is_imported = true;
  EXPECT_FALSE(check_changes(k_subject, k_keys, now, values({{"GITHUB_API_URL", "https://ghe.example.com"}})));
  EXPECT_TRUE(check_changes(k_subject, k_keys, now, values({{"GITHUB_API_URL", "https://api.github.com"}})));
}

TEST(Settings, OneKeyInTwoWaysIsAMistake) {
  auto changes = values({{"GITHUB_ORG", "b"}});
  changes.unset = {"GITHUB_ORG"};
  EXPECT_TRUE(problem(changes).contains("GITHUB_ORG is given in two ways"));
}

TEST(DataSourceName, IsShortAndPlain) {
  EXPECT_TRUE(check_data_source_name("github-eu-2"));
  for (const auto* name : {"", "GitHub", "a_b", "a b", "a/b", "01234567890123456789012345678901234567890"})
    EXPECT_FALSE(check_data_source_name(name)) << name;
}

}  // namespace
}  // namespace weir::tenancy
