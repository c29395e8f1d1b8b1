#include "provider-sim/base/message.hpp"

#include <algorithm>

namespace weir::sim {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decode(std::string_view text, bool plus_is_space) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape =
        text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0;
    if (is_escape) {
      result += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      result += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return result;
}

}  // namespace

std::string decode_percent(std::string_view text) { return decode(text, false); }

std::string encode_percent(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          std::string_view("-._~:").find(c) != std::string_view::npos;
    if (is_plain) {
      result += c;
      continue;
    }
    result += '%';
    result += digits[static_cast<unsigned char>(c) >> 4];
    result += digits[static_cast<unsigned char>(c) & 15];
  }
  return result;
}

Query::Query(std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto raw = text.substr(0, end);
    text.remove_prefix(std::min(text.size(), end + 1));
    if (raw.empty()) continue;
    const auto equals = std::min(raw.find('='), raw.size());
    parameters_.push_back({.name = decode(raw.substr(0, equals), true),
                           .value = equals < raw.size() ? decode(raw.substr(equals + 1), true) : "",
                           .raw = std::string(raw)});
  }
}

const std::string* Query::find(std::string_view name) const {
  const auto found = std::ranges::find(parameters_, name, &Parameter::name);
  return found == parameters_.end() ? nullptr : &found->value;
}

std::string Query::get(std::string_view name, std::string_view otherwise) const {
  const std::string* value = find(name);
  return value ? *value : std::string(otherwise);
}

std::string Query::without(std::initializer_list<std::string_view> names) const {
  std::string text;
  for (const auto& parameter : parameters_) {
    if (std::ranges::find(names, parameter.name) != names.end()) continue;
    text += text.empty() ? "?" : "&";
    text += parameter.raw;
  }
  return text;
}

const std::string* Response::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, &std::pair<std::string, std::string>::first);
  return found == headers.end() ? nullptr : &found->second;
}

Response json_response(int status, std::string body) {
  Response response{.status = status, .headers = {}, .body = std::make_shared<const std::string>(std::move(body))};
  response.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
  return response;
}

}  // namespace weir::sim
