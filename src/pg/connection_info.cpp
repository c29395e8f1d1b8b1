#include "pg/connection_info.hpp"

#include <memory>

#include <fmt/format.h>
#include <libpq-fe.h>

namespace weir::pg {
namespace {

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          std::string_view("-._~").contains(c);
    if (is_plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

// In `options`, a space separates arguments unless a backslash stands before it.
std::string option_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == ' ' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

bool is_secret(std::string_view key) { return key == "password" || key == "sslpassword"; }

}  // namespace

Result<ConnectionInfo> ConnectionInfo::parse(const std::string& text) {
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, FreeOptions> options(PQconninfoParse(text.c_str(), &message));
  PQfreemem(message);  // it quotes the text
  ConnectionInfo info;
  for (const auto* option = options.get(); option != nullptr && option->keyword != nullptr; ++option)
    if (option->val != nullptr) info.values_[option->keyword] = option->val;
  // A raw @ in a password makes its end part of the host, which later messages would print.
  if (!options || info.get("host").contains('@'))
    return fail(ErrorCode::configuration,
                "the database URL is not valid: write postgresql://USER@HOST:PORT/DATABASE or 'host=… dbname=…', with "
                "special characters of the user and password as %XX");
  return info;
}

std::string ConnectionInfo::get(const std::string& key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? "" : found->second;
}

ConnectionInfo& ConnectionInfo::set(std::string key, std::string value) {
  values_.insert_or_assign(std::move(key), std::move(value));
  return *this;
}

ConnectionInfo& ConnectionInfo::set_role(std::string_view role) {
  const auto options = get("options");
  return set("options", fmt::format("{}{}-c role={}", options, options.empty() ? "" : " ", option_escaped(role)));
}

bool ConnectionInfo::has_password() const { return values_.contains("password"); }

std::string ConnectionInfo::url_without_password() const {
  auto rest = values_;
  std::erase_if(rest, [](const auto& entry) { return is_secret(entry.first); });
  const auto take = [&](const std::string& key) {
    const auto node = rest.extract(key);
    return node.empty() ? std::string() : percent_encoded(node.mapped());
  };
  const auto host = get("host");
  const bool is_in_authority = !host.empty() && host.find_first_of("/@,:") == std::string::npos;
  std::string url = "postgresql://";
  if (const auto user = take("user"); !user.empty()) url += user + "@";
  if (is_in_authority) {
    url += take("host");
    if (const auto port = take("port"); !port.empty()) url += ":" + port;
  }
  url += "/" + take("dbname");
  char separator = '?';
  for (const auto& [key, value] : rest) {
    url += fmt::format("{}{}={}", separator, key, percent_encoded(value));
    separator = '&';
  }
  return url;
}

}  // namespace weir::pg
