#include "plugin/declarative/expression/lexer.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace weir::plugin::declarative {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

Token Lexer::next() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  if (at_ >= text_.size()) return {.kind = Token::Kind::end, .offset = at_};
  const char c = text_[at_];
  if (c == '"' || c == '\'') return read_text(c);
  if (is_digit(c)) return read_number();
  if (!is_letter(c)) return read_symbol();
  const auto from = at_;
  while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
  return {.kind = Token::Kind::name, .source = text_.substr(from, at_ - from), .offset = from};
}

Token Lexer::read_text(char quote) {
  const auto from = at_++;
  Token token{.kind = Token::Kind::text, .offset = from};
  for (; at_ < text_.size() && text_[at_] != quote; ++at_) {
    char c = text_[at_];
    if (c == '\\') {
      if (++at_ >= text_.size()) break;
      c = text_[at_];
      if (c == 'n') c = '\n';
      if (c == 't') c = '\t';
    }
    token.text += c;
  }
  if (at_ >= text_.size()) return broken(from, "the text does not end");
  ++at_;
  token.source = text_.substr(from, at_ - from);
  return token;
}

Token Lexer::read_number() {
  const auto from = at_;
  bool is_integer = true;
  while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
  if (at_ + 1 < text_.size() && text_[at_] == '.' && is_digit(text_[at_ + 1])) {
    is_integer = false;
    for (++at_; at_ < text_.size() && is_digit(text_[at_]);) ++at_;
  }
  if (at_ < text_.size() && is_letter(text_[at_])) return broken(from, "a number is followed by a letter");
  const auto source = text_.substr(from, at_ - from);
  Token token{.kind = is_integer ? Token::Kind::integer : Token::Kind::number, .source = source, .offset = from};
  const auto* end = source.data() + source.size();
  const auto result = is_integer ? std::from_chars(source.data(), end, token.integer)
                                 : std::from_chars(source.data(), end, token.number);
  return result.ec == std::errc() ? token : broken(from, "the number is too large");
}

Token Lexer::read_symbol() {
  static constexpr std::array<std::string_view, 5> k_two{"==", "!=", "<=", ">=", "//"};
  const auto rest = text_.substr(at_);
  const auto two = std::ranges::find_if(k_two, [&](std::string_view symbol) { return rest.starts_with(symbol); });
  const std::size_t size = two == k_two.end() ? 1 : 2;
  constexpr std::string_view k_one = "+-*/%~<>()[]{}.,:|=";
  const auto from = at_;
  if (size == 1 && !k_one.contains(rest.front())) return broken(from, "this character has no meaning here");
  at_ += size;
  return {.kind = Token::Kind::symbol, .source = rest.substr(0, size), .offset = from};
}

}  // namespace weir::plugin::declarative
