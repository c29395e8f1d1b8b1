#include "load/json_text.hpp"

#include <cstdint>
#include <optional>
#include <vector>

#include "load/text.hpp"

namespace weir::load {
namespace {

constexpr std::size_t k_depth_max = 500;  // far under what jsonb's parser has stack for
constexpr std::string_view k_replacement_escape = "\\ufffd";

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A scanner without recursion that copies what it reads, mending on the way.
class Scanner {
 public:
  Scanner(std::string& out, std::string_view text) : out_(out), text_(text) {}

  JsonFate scan() {
    if (!value()) return JsonFate::refused;
    while (!open_.empty())
      if (!next_in_container()) return JsonFate::refused;
    skip_spaces();
    if (pos_ != text_.size()) return JsonFate::refused;
    return is_mended_ ? JsonFate::mended : JsonFate::kept;
  }

 private:
  char peek() const { return pos_ < text_.size() ? text_[pos_] : '\0'; }
  bool take(char expected) {
    if (peek() != expected) return false;
    out_ += expected;
    ++pos_;
    return true;
  }
  void skip_spaces() {
    while (pos_ < text_.size() && is_space(text_[pos_])) ++pos_;
  }

  // One value; a container is only opened, and its first member read if it has one.
  bool value() {
    skip_spaces();
    switch (peek()) {
      case '{': return open('{', '}');
      case '[': return open('[', ']');
      case '"': return string();
      case 't': return word("true");
      case 'f': return word("false");
      case 'n': return word("null");
      default: return number();
    }
  }

  bool open(char begin, char end) {
    if (open_.size() == k_depth_max) return false;
    take(begin);
    skip_spaces();
    if (take(end)) return true;
    open_.push_back(end);
    is_first_ = true;
    return true;
  }

  bool next_in_container() {
    skip_spaces();
    if (!is_first_) {
      if (take(open_.back())) {
        open_.pop_back();
        return true;
      }
      if (!take(',')) return false;
    }
    is_first_ = false;
    if (open_.back() == '}') {
      skip_spaces();
      if (peek() != '"' || !string()) return false;
      skip_spaces();
      if (!take(':')) return false;
    }
    return value();
  }

  bool word(std::string_view expected) {
    if (!text_.substr(pos_).starts_with(expected)) return false;
    out_ += expected;
    pos_ += expected.size();
    return true;
  }

  bool number() {
    const auto start = pos_;
    if (peek() == '-') ++pos_;
    const bool has_leading_zero = peek() == '0';
    const auto whole = digits();
    if (whole == 0 || (has_leading_zero && whole > 1)) return false;
    if (peek() == '.') {
      ++pos_;
      if (digits() == 0) return false;
    }
    if (peek() == 'e' || peek() == 'E') {
      ++pos_;
      if (peek() == '+' || peek() == '-') ++pos_;
      if (digits() == 0) return false;
    }
    const auto number = text_.substr(start, pos_ - start);
    if (is_storable_numeric(number)) {
      out_ += number;
    } else {
      out_ += "null";
      is_mended_ = true;
    }
    return true;
  }

  std::size_t digits() {
    const auto start = pos_;
    while (pos_ < text_.size() && is_digit(text_[pos_])) ++pos_;
    return pos_ - start;
  }

  bool string() {
    take('"');
    for (;;) {
      const auto start = pos_;
      while (pos_ < text_.size() && text_[pos_] != '"' && text_[pos_] != '\\' &&
             (static_cast<unsigned char>(text_[pos_]) >= 0x20 || text_[pos_] == '\0'))
        ++pos_;
      if (append_mended(out_, text_.substr(start, pos_ - start)) > 0) is_mended_ = true;
      if (take('"')) return true;
      if (peek() != '\\' || !escape()) return false;
    }
  }

  bool escape() {
    const char kind = pos_ + 1 < text_.size() ? text_[pos_ + 1] : '\0';
    if (kind == 'u') return unicode_escape();
    if (std::string_view("\"\\/bfnrt").find(kind) == std::string_view::npos) return false;
    out_.append(text_, pos_, 2);
    pos_ += 2;
    return true;
  }

  bool unicode_escape() {
    const auto unit = code_unit(pos_);
    if (!unit) return false;
    std::size_t length = 6;
    bool is_storable = *unit != 0;
    if (*unit >= 0xD800 && *unit <= 0xDFFF) {
      const auto second = code_unit(pos_ + 6);
      is_storable = *unit <= 0xDBFF && second && *second >= 0xDC00 && *second <= 0xDFFF;
      if (is_storable) length = 12;
    }
    if (is_storable) {
      out_.append(text_, pos_, length);
    } else {
      out_ += k_replacement_escape;
      is_mended_ = true;
    }
    pos_ += length;
    return true;
  }

  // The value of \uXXXX at `pos`.
  std::optional<std::uint32_t> code_unit(std::size_t pos) const {
    if (pos + 6 > text_.size() || text_[pos] != '\\' || text_[pos + 1] != 'u') return std::nullopt;
    std::uint32_t value = 0;
    for (const char c : text_.substr(pos + 2, 4)) {
      const auto lower = static_cast<char>(c | 0x20);
      if (is_digit(c))
        value = value * 16 + static_cast<std::uint32_t>(c - '0');
      else if (lower >= 'a' && lower <= 'f')
        value = value * 16 + static_cast<std::uint32_t>(lower - 'a' + 10);
      else
        return std::nullopt;
    }
    return value;
  }

  std::string& out_;
  std::string_view text_;
  std::size_t pos_ = 0;
  std::vector<char> open_;
  bool is_first_ = false;
  bool is_mended_ = false;
};

}  // namespace

JsonFate append_json(std::string& out, std::string_view text) {
  const auto start = out.size();
  const auto fate = Scanner(out, text).scan();
  if (fate == JsonFate::refused) out.resize(start);
  return fate;
}

}  // namespace weir::load
