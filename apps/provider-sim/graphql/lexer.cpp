#include "provider-sim/graphql/lexer.hpp"

#include <algorithm>
#include <cstdint>

namespace weir::sim::graphql {
namespace {

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, std::uint32_t point) {
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xc0 | point >> 6);
    out += static_cast<char>(0x80 | (point & 63));
  } else {
    out += static_cast<char>(0xe0 | point >> 12);
    out += static_cast<char>(0x80 | (point >> 6 & 63));
    out += static_cast<char>(0x80 | (point & 63));
  }
}

}  // namespace

char Lexer::take() {
  const char c = text_[offset_++];
  if (c == '\n') {
    ++at_.line;
    at_.column = 1;
  } else {
    ++at_.column;
  }
  return c;
}

void Lexer::skip_ignored() {
  for (;;) {
    const char c = peek();
    if (c == '#') {
      while (offset_ < text_.size() && peek() != '\n') take();
    } else if (offset_ < text_.size() && (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',')) {
      take();
    } else if (text_.substr(offset_).starts_with("\xef\xbb\xbf")) {
      offset_ += 3;
    } else {
      return;
    }
  }
}

Token Lexer::next() {
  skip_ignored();
  Token token{.at = at_};
  if (offset_ >= text_.size()) return token;
  const char c = peek();
  if (is_name_start(c)) {
    token.kind = Token::Kind::name;
    while (is_name_start(peek()) || is_digit(peek())) token.text += take();
    return token;
  }
  if (is_digit(c) || (c == '-' && is_digit(peek(1)))) return number(std::move(token));
  if (c == '"')
    return text_.substr(offset_).starts_with("\"\"\"") ? block_quoted(std::move(token)) : quoted(std::move(token));
  token.kind = Token::Kind::punctuator;
  if (text_.substr(offset_).starts_with("...")) {
    for (int i = 0; i < 3; ++i) token.text += take();
    return token;
  }
  token.text = take();
  if (std::string_view("{}()[]:=!$@|&").find(token.text) == std::string_view::npos) token.kind = Token::Kind::invalid;
  return token;
}

Token Lexer::number(Token token) {
  token.kind = Token::Kind::integer;
  token.text += take();
  while (is_digit(peek())) token.text += take();
  if (peek() == '.' && is_digit(peek(1))) {
    token.kind = Token::Kind::real;
    token.text += take();
    while (is_digit(peek())) token.text += take();
  }
  if (peek() == 'e' || peek() == 'E') {
    token.kind = Token::Kind::real;
    token.text += take();
    if (peek() == '+' || peek() == '-') token.text += take();
    while (is_digit(peek())) token.text += take();
  }
  return token;
}

bool Lexer::append_escape(std::string& out) {
  const char c = offset_ < text_.size() ? take() : '\0';
  constexpr std::string_view plain = "\"\\/bfnrt";
  constexpr std::string_view meaning = "\"\\/\b\f\n\r\t";
  const auto found = plain.find(c);
  if (found != std::string_view::npos) {
    out += meaning[found];
    return true;
  }
  if (c != 'u') return false;
  std::uint32_t point = 0;
  for (int i = 0; i < 4; ++i) {
    const char digit = offset_ < text_.size() ? take() : '\0';
    const char small = digit >= 'A' && digit <= 'F' ? static_cast<char>(digit + 32) : digit;
    const auto value = std::string_view("0123456789abcdef").find(small);
    if (digit == '\0' || value == std::string_view::npos) return false;
    point = point * 16 + static_cast<std::uint32_t>(value);
  }
  append_utf8(out, point);
  return true;
}

Token Lexer::quoted(Token token) {
  take();
  token.kind = Token::Kind::invalid;
  while (offset_ < text_.size() && peek() != '\n') {
    const char c = take();
    if (c == '"') {
      token.kind = Token::Kind::text;
      return token;
    }
    if (c != '\\')
      token.text += c;
    else if (!append_escape(token.text))
      return token;
  }
  return token;
}

Token Lexer::block_quoted(Token token) {
  for (int i = 0; i < 3; ++i) take();
  const auto end = text_.find("\"\"\"", offset_);
  token.kind = end == std::string_view::npos ? Token::Kind::invalid : Token::Kind::text;
  while (offset_ < std::min(end, text_.size())) token.text += take();
  for (int i = 0; i < 3 && offset_ < text_.size(); ++i) take();
  return token;
}

}  // namespace weir::sim::graphql
