#include "pg/rows.hpp"

#include <charconv>
#include <cstdlib>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "base/error.hpp"

namespace weir::pg {
namespace {

[[noreturn]] void mismatch(std::string_view what, std::string_view value) {
  throw Failure({ErrorCode::internal, "the database answered with an unexpected value",
                 fmt::format("{} expected, got '{}'", what, value.substr(0, 80))});
}

}  // namespace

Rows::Rows(pg_result* result) : result_(result, [](pg_result* owned) { PQclear(owned); }) {}

std::size_t Rows::size() const { return result_ ? static_cast<std::size_t>(PQntuples(result_.get())) : 0; }

Row Rows::operator[](std::size_t index) const { return Row(*this, index); }

Row Rows::one() const {
  if (size() != 1) mismatch("one row", fmt::format("{} rows", size()));
  return Row(*this, 0);
}

std::int64_t Rows::affected() const {
  const std::string_view text = result_ ? PQcmdTuples(result_.get()) : "";
  return text.empty() ? 0 : detail::parse_int(text);
}

std::vector<std::string> Rows::columns() const {
  std::vector<std::string> names;
  for (int i = 0; result_ && i < PQnfields(result_.get()); ++i) names.emplace_back(PQfname(result_.get(), i));
  return names;
}

bool Row::is_null(std::string_view column) const { return !text(column_index(column)).has_value(); }

// Not PQfnumber: that folds case and wants a terminated string.
std::size_t Row::column_index(std::string_view column) const {
  const auto* result = rows_->result_.get();
  for (int i = 0; i < PQnfields(result); ++i)
    if (column == PQfname(result, i)) return static_cast<std::size_t>(i);
  mismatch("a column of this name", column);
}

std::optional<std::string_view> Row::text(std::size_t column) const {
  const auto* result = rows_->result_.get();
  const int r = static_cast<int>(index_);
  const int c = static_cast<int>(column);
  if (PQgetisnull(result, r, c) != 0) return std::nullopt;
  return std::string_view(PQgetvalue(result, r, c), static_cast<std::size_t>(PQgetlength(result, r, c)));
}

std::string_view Row::required(std::size_t column) const {
  const auto value = text(column);
  if (!value) mismatch("a value", "null");
  return *value;
}

namespace detail {

std::int64_t parse_int(std::string_view value) {
  std::int64_t out = 0;
  const auto end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, out);
  if (error != std::errc{} || stop != end) mismatch("an integer", value);
  return out;
}

double parse_double(std::string_view value) {
  const std::string text(value);
  char* stop = nullptr;
  const double out = std::strtod(text.c_str(), &stop);
  if (stop != text.c_str() + text.size() || text.empty()) mismatch("a number", value);
  return out;
}

bool parse_bool(std::string_view value) {
  if (value != "t" && value != "f") mismatch("a boolean", value);
  return value == "t";
}

Instant parse_instant(std::string_view value) {
  const auto out = parse_rfc3339(value);
  if (!out) mismatch("an instant", value);
  return *out;
}

Uuid parse_uuid(std::string_view value) {
  const auto out = Uuid::parse(value);
  if (!out) mismatch("a uuid", value);
  return *out;
}

nlohmann::json parse_json(std::string_view value) { return nlohmann::json::parse(value); }

std::string parse_bytes(std::string_view value) {
  if (!value.starts_with("\\x") || value.size() % 2 != 0) mismatch("bytea in hex", value);
  std::string out;
  out.reserve(value.size() / 2);
  for (std::size_t i = 2; i < value.size(); i += 2) {
    unsigned byte = 0;
    std::from_chars(value.data() + i, value.data() + i + 2, byte, 16);
    out += static_cast<char>(byte);
  }
  return out;
}

// {a,"b \"c\"",NULL}: NULL becomes an empty string; one dimension only.
std::vector<std::string> parse_text_array(std::string_view value) {
  std::vector<std::string> out;
  if (value.size() < 2 || value.front() != '{' || value.back() != '}') mismatch("an array", value);
  value = value.substr(1, value.size() - 2);
  std::size_t pos = 0;
  while (pos < value.size()) {
    std::string item;
    const bool is_quoted = value[pos] == '"';
    if (is_quoted) ++pos;
    for (; pos < value.size() && value[pos] != (is_quoted ? '"' : ','); ++pos) {
      if (value[pos] == '\\' && pos + 1 < value.size()) ++pos;
      item += value[pos];
    }
    if (is_quoted) ++pos;
    out.push_back(!is_quoted && item == "NULL" ? std::string() : std::move(item));
    ++pos;  // the comma
  }
  return out;
}

}  // namespace detail
}  // namespace weir::pg
