#include "tenancy/settings.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/regex.hpp>

#include "base/nearest.hpp"
#include "tenancy/text.hpp"

namespace weir::tenancy {
namespace {

constexpr std::size_t k_value_bytes_max = 64U << 10U;

// Whether some URL in the value carries a password or token: user:password@ in any, user@ in http(s), where the user
// is as often the token; or a parameter such as private_token=.
bool holds_url_password(const std::string& value) {
  static const boost::regex k_password(R"(https?://[^/?#\s,]*@|://[^/?#\s,@:]*:[^/?#\s,]*@)", boost::regex::icase);
  static const boost::regex k_parameter(
      R"([?&;#](?:[a-z0-9_%-]*(?:token|secret|password|passwd)|(?:x[_-])?api[_-]?key|key|auth)=[^\s&;#,])",
      boost::regex::icase);
  return boost::regex_search(value, k_password) || (value.contains("://") && boost::regex_search(value, k_parameter));
}

bool matches(std::string_view value, const std::string& pattern) {
  try {
    return boost::regex_match(value.begin(), value.end(), boost::regex(pattern));
  } catch (const std::runtime_error&) {
    return false;  // too complex to decide within the bounds of memory
  }
}

class Check {
 public:
  Check(const SettingsSubject& subject, std::span<const ConfigKey> declared, const StoredSettings& stored)
      : subject_(subject), declared_(declared), stored_(stored) {}

  void value(const std::string& name, const std::string& value) {
    const auto* key = known(name);
    if (key == nullptr) return;
    if (key->is_secret)
      return add(
          "{} is a secret: give it with --secret-env, --secret-file or --secret-prompt, not as "
          "an argument, which others can read",
          name);
    if (value.empty()) return add("{} is empty; to remove it: --unset {}", name, name);
    if (value.size() > k_value_bytes_max) return add("{} is longer than 64 KiB", name);
    if (!is_plain_text(value, LineBreaks::allowed))
      return add("{} is not text: it holds control characters or is not UTF-8", name);
    if (holds_url_password(value))
      return add("{} is a URL with a password or token in it, which would be stored in the clear: {}", name,
                 secret_remedy());
    if (key->pattern && !matches(value, *key->pattern))
      return add("{} does not look as it should (pattern {}){}", name, *key->pattern, meaning(*key));
    if (key->is_identity) identity(*key, value);
  }

  void secret(const std::string& name, const Secret& secret) {
    const auto* key = known(name);
    if (key == nullptr) return;
    if (!key->is_secret) return add("{} is no secret: give it with --set {}=...", name, name);
    if (secret.empty()) return add("the secret {} is empty", name);
    if (secret.reveal().size() > k_value_bytes_max) return add("the secret {} is longer than 64 KiB", name);
    if (key->pattern && !matches(secret.reveal(), *key->pattern))
      add("the secret {} does not look as it should{}", name, meaning(*key));
  }

  void unset(const std::string& name) {
    const auto* key = known(name);
    if (key == nullptr) return;
    if (key->is_identity && !key->is_secret) identity(*key, key->default_value.value_or(""));
  }

  void required(const std::vector<std::string>& missing) {
    for (const auto& name : missing) {
      const auto& key = *find_key(declared_, name);
      add("{} is required{}: give it with {}", name, meaning(key),
          key.is_secret ? fmt::format("--secret-env {}, --secret-file {}=PATH or --secret-prompt {}", name, name, name)
                        : fmt::format("--set {}=...", name));
    }
  }

  void twice(const std::string& name) { add("{} is given in two ways", name); }

  Result<> result() const {
    if (problems_.empty()) return {};
    return fail(
        is_conflict_ ? ErrorCode::conflict : ErrorCode::invalid_input,
        fmt::format("data source {} ({}): {}", subject_.data_source, subject_.provider, fmt::join(problems_, "\n  ")));
  }

 private:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    problems_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  const ConfigKey* known(const std::string& name) {
    const auto* key = find_key(declared_, name);
    if (key != nullptr) return key;
    std::vector<std::string> names;
    for (const auto& one : declared_) names.push_back(one.name);
    const auto near = nearest_word(name, names);
    if (near.empty())
      add("{} is not a setting of {}; it knows {}", name, subject_.provider, fmt::join(names, ", "));
    else
      add("{} is not a setting of {}; did you mean {}?", name, subject_.provider, near);
    return nullptr;
  }

  void identity(const ConfigKey& key, const std::string& value) {
    const auto found = stored_.values.find(key.name);
    const auto& now = found == stored_.values.end() ? key.default_value.value_or("") : found->second;
    if (!stored_.is_imported || now == value) return;
    is_conflict_ = true;
    add("{} says which system the rows came from and cannot change after the first import: add a new data source "
        "(weir source add ... --name NAME) and disable this one",
        key.name);
  }

  std::string secret_remedy() const {
    std::vector<std::string> secrets;
    for (const auto& key : declared_)
      if (key.is_secret) secrets.push_back(key.name);
    return secrets.empty() ? "leave it out" : fmt::format("give it as the secret {}", fmt::join(secrets, " or "));
  }

  static std::string meaning(const ConfigKey& key) {
    return key.description.empty() ? "" : fmt::format(" ({})", key.description);
  }

  const SettingsSubject& subject_;
  std::span<const ConfigKey> declared_;
  const StoredSettings& stored_;
  std::vector<std::string> problems_;
  bool is_conflict_ = false;
};

StoredSettings after(const StoredSettings& stored, const SettingChanges& changes) {
  auto next = stored;
  for (const auto& name : changes.unset) {
    next.values.erase(name);
    next.secrets.erase(name);
  }
  for (const auto& [name, value] : changes.values) next.values[name] = value;
  for (const auto& [name, secret] : changes.secrets) next.secrets.insert(name);
  return next;
}

}  // namespace

Result<> check_changes(const SettingsSubject& subject, std::span<const ConfigKey> declared,
                       const StoredSettings& stored, const SettingChanges& changes) {
  Check check(subject, declared, stored);
  for (const auto& [name, value] : changes.values) {
    check.value(name, value);
    if (changes.secrets.contains(name) || changes.unset.contains(name)) check.twice(name);
  }
  for (const auto& [name, secret] : changes.secrets) {
    check.secret(name, secret);
    if (changes.unset.contains(name)) check.twice(name);
  }
  for (const auto& name : changes.unset) check.unset(name);
  check.required(missing_keys(declared, after(stored, changes)));
  return check.result();
}

std::vector<std::string> missing_keys(std::span<const ConfigKey> declared, const StoredSettings& stored) {
  std::vector<std::string> missing;
  for (const auto& key : declared) {
    const bool is_there = key.is_secret ? stored.secrets.contains(key.name)
                                        : stored.values.contains(key.name) || key.default_value.has_value();
    if (key.is_required && !is_there) missing.push_back(key.name);
  }
  return missing;
}

Result<> check_data_source_name(std::string_view name) {
  constexpr std::size_t k_name_bytes_max = 40;
  const bool is_good = !name.empty() && name.size() <= k_name_bytes_max && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (is_good) return {};
  return fail(ErrorCode::invalid_input,
              "a data source's name is 1 to 40 of the characters a-z, 0-9 and '-', for example github-eu");
}

const ConfigKey* find_key(std::span<const ConfigKey> declared, std::string_view name) {
  const auto found = std::ranges::find(declared, name, &ConfigKey::name);
  return found == declared.end() ? nullptr : &*found;
}

}  // namespace weir::tenancy
