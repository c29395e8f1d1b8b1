// What proves that an answer is still the one which rows were made of (RFC 9110, 8.8).
#pragma once
#include <optional>
#include <string>

#include "base/time.hpp"

namespace weir::load {

struct Validator {
  std::string request;                  // a hash of what was asked, by whom, and of what else the rows were made of
  std::string etag{}, last_modified{};  // as the provider wrote them; at least one
  std::optional<Instant> shown_from{};  // the answer showed everything newer; absent: the whole listing
  std::string declaration_hash{};       // of the script that made the rows
};

}  // namespace weir::load
