#include "weir/setting_options.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include <fmt/format.h>
#include <sodium.h>

#include "weir/confirm.hpp"

namespace weir::app {
namespace {

constexpr std::size_t k_file_bytes_max = 65'536;

struct Pair {
  std::string key;
  std::string value;
};

std::optional<Pair> split(const std::string& text) {
  const auto at = text.find('=');
  if (at == std::string::npos || at == 0) return std::nullopt;
  return Pair{text.substr(0, at), text.substr(at + 1)};
}

Result<Secret> read_variable(const std::string& name) {
  char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0')
    return fail(ErrorCode::invalid_input, fmt::format("the environment variable {} is not set or empty", name));
  Secret secret{std::string(value)};
  sodium_memzero(value, std::strlen(value));
  ::unsetenv(name.c_str());
  return secret;
}

// Without one line break at the end, which editors and mounted secrets add.
Result<Secret> read_file(const std::string& key, const std::string& path) {
  const auto cannot = [&] {
    return fail(ErrorCode::invalid_input, fmt::format("the file {} of secret {} cannot be read: {}", path, key,
                                                      std::error_code(errno, std::generic_category()).message()));
  };
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return cannot();
  std::string text(k_file_bytes_max + 3, '\0');
  std::size_t size = 0;
  ssize_t got = 1;
  while (size < text.size() && (got = ::read(fd, text.data() + size, text.size() - size)) > 0)
    size += static_cast<std::size_t>(got);
  const auto why = errno;
  ::close(fd);
  errno = why;
  if (got < 0) return cannot();
  text.resize(size);
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return Secret(std::move(text));
}

class SettingsReader {
 public:
  explicit SettingsReader(const SettingOptions& options) : options_(options) {}

  Result<tenancy::SettingChanges> read() {
    plain();
    for (const auto& text : options_.secret_env) {
      const auto pair = split(text).value_or(Pair{text, text});
      add(pair.key, [&] { return read_variable(pair.value); });
    }
    for (const auto& text : options_.secret_file) {
      const auto pair = split(text);
      if (pair)
        add(pair->key, [&] { return read_file(pair->key, pair->value); });
      else
        note(ErrorCode::usage, "--secret-file takes KEY=PATH");
    }
    for (const auto& key : options_.secret_prompt) add(key, [&] { return ask_secret(key); });
    if (error_) return std::unexpected(*error_);
    return std::move(changes_);
  }

 private:
  void plain() {
    for (const auto& text : options_.set) {
      const auto pair = split(text);
      // What stands there may be a secret that lost its key: it is not shown.
      if (!pair)
        note(ErrorCode::usage, "--set takes KEY=VALUE");
      else if (!changes_.values.emplace(pair->key, pair->value).second)
        note(ErrorCode::usage, fmt::format("{} is given twice", pair->key));
    }
    for (const auto& key : options_.unset) changes_.unset.insert(key);
  }

  template <class Read>
  void add(const std::string& key, Read read) {
    if (error_) return;
    if (changes_.secrets.contains(key)) return note(ErrorCode::usage, fmt::format("{} is given twice", key));
    auto secret = read();
    if (!secret) return note(secret.error().code, secret.error().message);
    changes_.secrets.emplace(key, std::move(*secret));
  }

  void note(ErrorCode code, std::string message) {
    if (!error_) error_ = Error{code, std::move(message)};
  }

  const SettingOptions& options_;
  tenancy::SettingChanges changes_;
  std::optional<Error> error_;
};

}  // namespace

void add_setting_options(CLI::App& command, SettingOptions& options) {
  add_repeated(command, "--set", options.set, "A setting (repeatable)").type_name("KEY=VALUE");
  add_repeated(command, "--secret-env", options.secret_env,
               "A secret, from the environment variable of its name or of another (repeatable)")
      .type_name("KEY[=VARIABLE]");
  add_repeated(command, "--secret-file", options.secret_file, "A secret, from a file (repeatable)")
      .type_name("KEY=PATH");
  add_repeated(command, "--secret-prompt", options.secret_prompt, "A secret, typed at the terminal (repeatable)")
      .type_name("KEY");
}

Result<tenancy::SettingChanges> read_settings(const SettingOptions& options) { return SettingsReader(options).read(); }

}  // namespace weir::app
