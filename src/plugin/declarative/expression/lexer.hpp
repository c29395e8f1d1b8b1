// The words of an expression, one at a time.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::plugin::declarative {

struct Token {
  enum class Kind { end, name, integer, number, text, symbol, broken };
  Kind kind = Kind::end;
  std::string_view source{};  // as written; of `broken`: what is wrong
  std::size_t offset = 0;     // in the template
  std::string text{};         // of `text`: without quotes and escapes
  std::int64_t integer = 0;
  double number = 0;

  bool is_symbol(std::string_view symbol) const { return kind == Kind::symbol && source == symbol; }
  bool is_name(std::string_view name) const { return kind == Kind::name && source == name; }
};

class Lexer {
 public:
  // Reads `text` from `offset` on.
  Lexer(std::string_view text, std::size_t offset) : text_(text), at_(offset) {}
  Token next();
  std::size_t offset() const { return at_; }  // behind the last token

 private:
  Token read_text(char quote);
  Token read_number();
  Token read_symbol();
  Token broken(std::size_t from, std::string_view what) { return {Token::Kind::broken, what, from}; }

  std::string_view text_;
  std::size_t at_;
};

}  // namespace weir::plugin::declarative
