#include "api/request.hpp"

#include <charconv>

namespace weir::api {

tenancy::Actor Request::actor() const {
  if (user) return user;
  return key ? std::optional("key:weir_" + key->prefix) : std::nullopt;
}

std::optional<std::string> Request::query_text(const std::string& name) const {
  const auto found = query.find(name);
  return found == query.end() ? std::nullopt : std::optional(found->second);
}

int Request::query_number(const std::string& name, int absent) const {
  const auto found = query.find(name);
  if (found == query.end()) return absent;
  int value = absent;
  std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
  return value;
}

bool Request::query_flag(const std::string& name) const { return query_text(name) == "true"; }

}  // namespace weir::api
