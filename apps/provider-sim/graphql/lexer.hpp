// Tokens of the GraphQL language (October 2021), with positions.
#pragma once
#include <string>
#include <string_view>

#include "provider-sim/graphql/document.hpp"

namespace weir::sim::graphql {

struct Token {
  enum class Kind { end, punctuator, name, integer, real, text, invalid };
  Kind kind = Kind::end;
  std::string text{};  // of a text: unescaped
  Position at{};
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}
  Token next();

 private:
  void skip_ignored();
  Token number(Token token);
  Token quoted(Token token);
  Token block_quoted(Token token);
  bool append_escape(std::string& out);
  char peek(std::size_t ahead = 0) const { return offset_ + ahead < text_.size() ? text_[offset_ + ahead] : '\0'; }
  char take();

  std::string_view text_;
  std::size_t offset_ = 0;
  Position at_;
};

}  // namespace weir::sim::graphql
