#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <sodium.h>

#include "http/url.hpp"
#include "load/text.hpp"
#include "plugin/declarative/expression/filter.hpp"

namespace weir::plugin::declarative {
namespace {

char lower_of(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char upper_of(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

template <char (*Change)(char)>
Value change_case(FilterCall& call) {
  const auto text = call.text(call.subject);
  return call.build([&](std::string& out) { std::ranges::transform(text, std::back_inserter(out), Change); });
}

Value trim(FilterCall& call) {
  auto text = call.text(call.subject);
  constexpr std::string_view k_space = " \t\r\n";
  const auto from = text.find_first_not_of(k_space);
  if (from == std::string_view::npos) return Value::Any(std::string_view());
  return Value::Any(text.substr(from, text.find_last_not_of(k_space) - from + 1));
}

Value replace(FilterCall& call) {
  const auto text = call.text(call.subject);
  const auto what = call.text(call.argument(0));
  const auto by = call.text(call.argument(1));
  if (call.is_failed() || what.empty()) return call.subject;
  const auto bytes_max = call.scratch.limits().bytes_max;
  return call.build([&](std::string& out) {
    std::size_t from = 0;
    for (auto found = text.find(what); found != text.npos && out.size() < bytes_max; found = text.find(what, from)) {
      out.append(text, from, found - from);
      out += by;
      from = found + what.size();
    }
    out += text.substr(from);
  });
}

// Without a separator: at white space, and nothing empty.
Value split(FilterCall& call) {
  const auto text = call.text(call.subject);
  const auto separator = call.arguments.empty() ? std::string_view() : call.text(call.argument(0));
  std::vector<Value> parts;
  const auto add = [&](std::string_view part) { parts.emplace_back(Value::Any(part)); };
  std::size_t from = 0;
  while (from <= text.size() && call.scratch.take_steps(1)) {
    const auto end = separator.empty() ? text.find_first_of(" \t\r\n", from) : text.find(separator, from);
    const auto part = text.substr(from, end == text.npos ? end : end - from);
    if (!separator.empty() || !part.empty()) add(part);
    if (end == text.npos) break;
    from = end + std::max<std::size_t>(1, separator.size());
  }
  return call.keep(parts);
}

Value starts_with(FilterCall& call) {
  const auto text = call.text(call.subject);
  return Value::Any(text.starts_with(call.text(call.argument(0))));
}

Value ends_with(FilterCall& call) {
  const auto text = call.text(call.subject);
  return Value::Any(text.ends_with(call.text(call.argument(0))));
}

Value before(FilterCall& call) {
  const auto text = call.text(call.subject);
  return Value::Any(text.substr(0, text.find(call.text(call.argument(0)))));
}

Value after(FilterCall& call) {
  const auto text = call.text(call.subject);
  const auto separator = call.text(call.argument(0));
  const auto found = text.find(separator);
  return found == text.npos ? Value() : Value(Value::Any(text.substr(found + separator.size())));
}

Value truncate(FilterCall& call) {
  const auto text = call.text(call.subject);
  const auto length = call.argument(0);
  const auto* bytes = length.as<std::int64_t>();
  if (bytes == nullptr || *bytes < 0) return call.fail("the length must be a whole number");
  return Value::Any(load::cut_text(text, static_cast<std::size_t>(*bytes)));
}

Value urlencode(FilterCall& call) {
  const auto encoded = http::percent_encode(call.text(call.subject));
  return call.keep(std::string_view(encoded));
}

Value base64(FilterCall& call) {
  const auto text = call.text(call.subject);
  std::string out(sodium_base64_encoded_len(text.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  out.resize(out.size() - 1);
  return call.keep(std::string_view(out));
}

// `*` stands for any text, `?` for one byte. Linear but for the last star, which it comes back to.
bool matches(std::string_view text, std::string_view pattern) {
  std::size_t t = 0, p = 0, star = pattern.npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || lower_of(pattern[p]) == lower_of(text[t]))) {
      ++p, ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == pattern.npos;
}

// Any of the patterns, which are separated by commas or white space; one with ! before it excludes.
Value like(FilterCall& call) {
  if (call.argument(0).is_null()) return Value::Any(true);
  const auto text = call.text(call.subject);
  auto patterns = call.text(call.argument(0));
  if (text.size() * patterns.size() > 10'000'000) return call.fail("text and patterns are too long");
  bool is_matched = false, has_inclusion = false;
  while (!patterns.empty()) {
    const auto end = std::min(patterns.find_first_of(", \t\r\n"), patterns.size());
    auto pattern = patterns.substr(0, end);
    patterns.remove_prefix(std::min(end + 1, patterns.size()));
    if (pattern.empty()) continue;
    const bool excludes = pattern.front() == '!';
    if (excludes) pattern.remove_prefix(1);
    if (excludes && matches(text, pattern)) return Value::Any(false);
    has_inclusion = has_inclusion || !excludes;
    is_matched = is_matched || (!excludes && matches(text, pattern));
  }
  return Value::Any(is_matched || !has_inclusion);
}

constexpr std::array k_filters{
    Filter{"lower", 0, 0, false, change_case<lower_of>, "the text in small letters (ASCII)"},
    Filter{"upper", 0, 0, false, change_case<upper_of>, "the text in capital letters (ASCII)"},
    Filter{"trim", 0, 0, false, trim, "the text without white space around it"},
    Filter{"replace", 2, 2, false, replace, "`replace(a, b)`: the text with every `a` replaced by `b`"},
    Filter{"split", 0, 1, false, split, "`split(separator)`: a list of texts; without a separator at white space"},
    Filter{"starts_with", 1, 1, false, starts_with, "whether the text begins with another"},
    Filter{"ends_with", 1, 1, false, ends_with, "whether the text ends with another"},
    Filter{"before", 1, 1, false, before, "`before(s)`: the text up to the first `s`; all of it when there is none"},
    Filter{"after", 1, 1, false, after, "`after(s)`: the text behind the first `s`; nothing when there is none"},
    Filter{"truncate", 1, 1, false, truncate, "`truncate(n)`: at most n bytes of the text, whole characters"},
    Filter{"urlencode", 0, 0, false, urlencode, "the text percent-encoded, as one segment of a path (`/` as well)"},
    Filter{"b64encode", 0, 0, false, base64, "the text in base64"},
    Filter{"like", 1, 1, false, like,
           "`like(patterns)`: whether the text matches one of the patterns (`*` any text, `?` one character, `!` "
           "before one excludes; separated by commas or white space); true when there are none"},
};

}  // namespace

std::span<const Filter> text_filters() { return k_filters; }

}  // namespace weir::plugin::declarative
