// The values of a statement's $1, $2, …; always sent apart from the SQL.
//
//   Params params(tenant, "github", std::optional<Instant>{}, 5);
#pragma once
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/strong_id.hpp"
#include "base/time.hpp"

namespace weir::pg {

using Oid = std::uint32_t;

// OIDs fixed by PostgreSQL (src/include/catalog/pg_type.dat).
constexpr Oid k_oid_bool = 16, k_oid_bytea = 17, k_oid_int8 = 20, k_oid_text = 25, k_oid_float8 = 701,
              k_oid_timestamptz = 1184;
constexpr Oid k_oid_bool_array = 1000, k_oid_text_array = 1009, k_oid_int8_array = 1016, k_oid_float8_array = 1022,
              k_oid_timestamptz_array = 1185;

class Params {
 public:
  Params() = default;
  template <class... Values>
    requires(sizeof...(Values) > 0 && !(sizeof...(Values) == 1 && (std::same_as<std::decay_t<Values>, Params> && ...)))
  explicit Params(const Values&... values) {
    values_.reserve(sizeof...(Values));
    (add(values), ...);
  }

  template <class T>
  Params& add(const T& value) {
    if constexpr (std::same_as<T, std::nullopt_t>)
      return add_null();
    else if constexpr (std::same_as<T, nlohmann::json>)
      return add_text(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    else if constexpr (std::same_as<T, bool>)
      return add_text(value ? "t" : "f");
    else if constexpr (std::integral<T>)
      return add_text(std::to_string(value));
    else if constexpr (std::same_as<T, double>)
      return add_text(from_double(value));
    else if constexpr (std::same_as<T, Instant>)
      return add_text(format_rfc3339(value));
    else if constexpr (std::same_as<T, Uuid>)
      return add_text(value.to_string());
    else if constexpr (std::convertible_to<const T&, std::string_view>)
      return add_text(std::string(std::string_view(value)));
    else if constexpr (requires { value.has_value(); })
      return value.has_value() ? add(*value) : add_null();
    else
      return add(value.value());  // a StrongId
  }
  Params& add_null();
  Params& add_text(std::string value);                        // of the type that the statement expects
  Params& add_bytes(std::string_view value);                  // bytea
  Params& add_binary(Oid type, std::string value);            // already in PostgreSQL's binary format
  Params& add_array(const std::vector<std::string>& values);  // text[]

  struct Value {
    Oid type = 0;  // 0: the server infers it
    bool is_null = false;
    bool is_binary = false;
    std::string bytes;
  };
  const std::vector<Value>& values() const { return values_; }
  std::size_t bytes() const;  // of all values together

 private:
  static std::string from_double(double value);
  std::vector<Value> values_;
};

}  // namespace weir::pg
