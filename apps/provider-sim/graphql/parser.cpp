#include <cstdlib>

#include <fmt/format.h>

#include "provider-sim/graphql/lexer.hpp"

namespace weir::sim::graphql {
namespace {

constexpr int k_depth_max = 200;

struct SyntaxError {
  std::string message;
};

std::string_view token_name(const Token& token) {
  switch (token.kind) {
    case Token::Kind::end: return "end of file";
    case Token::Kind::name: return "IDENTIFIER";
    case Token::Kind::integer: return "INT";
    case Token::Kind::real: return "FLOAT";
    case Token::Kind::text: return "STRING";
    case Token::Kind::invalid: return "UNKNOWN_CHAR";
    case Token::Kind::punctuator: break;
  }
  const auto names = std::initializer_list<std::pair<std::string_view, std::string_view>>{
      {"{", "LCURLY"}, {"}", "RCURLY"}, {"(", "LPAREN"}, {")", "RPAREN"},   {"[", "LBRACKET"}, {"]", "RBRACKET"},
      {":", "COLON"},  {"=", "EQUALS"}, {"!", "BANG"},   {"$", "VAR_SIGN"}, {"@", "DIR_SIGN"}, {"...", "ELLIPSIS"}};
  for (const auto& [text, name] : names)
    if (token.text == text) return name;
  return "PUNCTUATOR";
}

// Recursive descent; leaves by SyntaxError.
class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) { advance(); }

  Document document() {
    Document document;
    do {
      if (token_.kind == Token::Kind::name && token_.text == "fragment")
        fragment(document);
      else
        document.operations.push_back(operation());
    } while (token_.kind != Token::Kind::end);
    return document;
  }

 private:
  [[noreturn]] void refuse() const {
    if (token_.kind == Token::Kind::end) throw SyntaxError{"Unexpected end of document"};
    throw SyntaxError{fmt::format("Parse error on \"{}\" ({}) at [{}, {}]", token_.text, token_name(token_),
                                  token_.at.line, token_.at.column)};
  }
  void advance() { token_ = lexer_.next(); }
  bool is(std::string_view punctuator) const {
    return token_.kind == Token::Kind::punctuator && token_.text == punctuator;
  }
  bool skip(std::string_view punctuator) {
    if (!is(punctuator)) return false;
    advance();
    return true;
  }
  void expect(std::string_view punctuator) {
    if (!skip(punctuator)) refuse();
  }
  std::string name() {
    if (token_.kind != Token::Kind::name) refuse();
    std::string text = std::move(token_.text);
    advance();
    return text;
  }

  Operation operation() {
    Operation operation;
    if (!is("{")) {
      operation.kind = name();
      if (operation.kind != "query" && operation.kind != "mutation" && operation.kind != "subscription")
        throw SyntaxError{
            fmt::format("Expected one of query, mutation, subscription, fragment; actual: \"{}\"", operation.kind)};
      if (token_.kind == Token::Kind::name) operation.name = name();
      if (skip("("))
        while (!skip(")")) operation.variables.push_back(variable());
      directives();
    }
    operation.selections = selections(0);
    return operation;
  }

  void fragment(Document& document) {
    Fragment fragment{.at = token_.at};
    advance();
    const std::string fragment_name = name();
    if (name() != "on") refuse();
    fragment.type = name();
    directives();
    fragment.selections = selections(0);
    document.fragments[fragment_name] = std::move(fragment);
  }

  Variable variable() {
    Variable variable{.at = token_.at};
    expect("$");
    variable.name = name();
    expect(":");
    variable.type = type();
    if (skip("=")) variable.otherwise = value(0);
    return variable;
  }

  std::string type() {
    std::string text;
    if (skip("[")) {
      text = "[" + type() + "]";
      expect("]");
    } else {
      text = name();
    }
    return skip("!") ? text + "!" : text;
  }

  std::vector<Directive> directives() {
    std::vector<Directive> list;
    while (skip("@")) {
      Directive directive{.name = name()};
      directive.arguments = arguments();
      list.push_back(std::move(directive));
    }
    return list;
  }

  std::vector<Argument> arguments() {
    std::vector<Argument> list;
    if (!skip("(")) return list;
    while (!skip(")")) {
      Argument argument{.at = token_.at};
      argument.name = name();
      expect(":");
      argument.value = value(0);
      list.push_back(std::move(argument));
    }
    return list;
  }

  std::vector<Selection> selections(int depth) {
    if (depth > k_depth_max) throw SyntaxError{"Query is nested too deeply"};
    std::vector<Selection> list;
    expect("{");
    do list.push_back(selection(depth));
    while (!skip("}"));
    return list;
  }

  Selection selection(int depth) {
    Selection selection{.at = token_.at};
    if (skip("...")) {
      const bool is_spread = token_.kind == Token::Kind::name && token_.text != "on";
      selection.kind = is_spread ? Selection::Kind::spread : Selection::Kind::fragment;
      if (is_spread) {
        selection.name = name();
      } else if (token_.kind == Token::Kind::name) {
        advance();
        selection.type = name();
      }
      selection.directives = directives();
      if (!is_spread) selection.selections = selections(depth + 1);
      return selection;
    }
    selection.name = name();
    if (skip(":")) selection.alias = std::exchange(selection.name, name());
    selection.arguments = arguments();
    selection.directives = directives();
    if (is("{")) selection.selections = selections(depth + 1);
    return selection;
  }

  Value value(int depth) {
    if (depth > k_depth_max) throw SyntaxError{"Query is nested too deeply"};
    Value result{.at = token_.at};
    if (skip("$")) {
      result.kind = Value::Kind::variable;
      result.text = name();
      return result;
    }
    if (skip("[")) {
      result.kind = Value::Kind::list;
      while (!skip("]")) result.items.push_back(value(depth + 1));
      return result;
    }
    if (skip("{")) {
      result.kind = Value::Kind::object;
      while (!skip("}")) {
        std::string key = name();
        expect(":");
        result.fields.emplace_back(std::move(key), value(depth + 1));
      }
      return result;
    }
    return scalar(std::move(result));
  }

  Value scalar(Value value) {
    value.text = token_.text;
    switch (token_.kind) {
      case Token::Kind::integer:
        value.kind = Value::Kind::integer;
        value.integer = std::strtoll(token_.text.c_str(), nullptr, 10);
        break;
      case Token::Kind::real:
        value.kind = Value::Kind::real;
        value.real = std::strtod(token_.text.c_str(), nullptr);
        break;
      case Token::Kind::text: value.kind = Value::Kind::text; break;
      case Token::Kind::name:
        value.kind = token_.text == "null"                             ? Value::Kind::null
                     : token_.text == "true" || token_.text == "false" ? Value::Kind::boolean
                                                                       : Value::Kind::enumeration;
        value.boolean = token_.text == "true";
        break;
      default: refuse();
    }
    advance();
    return value;
  }

  Lexer lexer_;
  Token token_;
};

}  // namespace

const Value* Value::find(std::string_view name) const {
  for (const auto& [key, value] : fields)
    if (key == name) return &value;
  return nullptr;
}

Result<Document> parse_document(std::string_view text) {
  try {
    return Parser(text).document();
  } catch (const SyntaxError& error) {
    return fail(ErrorCode::invalid_input, error.message);
  }
}

}  // namespace weir::sim::graphql
