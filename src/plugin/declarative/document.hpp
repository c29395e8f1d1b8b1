// An answer's body, parsed. One of these is used for page after page: its buffers stay.
#pragma once
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "plugin/declarative/expression/value.hpp"

namespace weir::plugin::declarative {

class Document {
 public:
  // What PostgreSQL or the parser would refuse in otherwise sound JSON (ill-formed UTF-8, lone surrogates, numbers out
  // of range) is mended first. provider_failed: it is no JSON, or nested too deeply. Values of an earlier parse die.
  Result<Value> parse(std::string_view text);
  const Value& root() const { return root_; }
  // Gives the memory of the largest text so far back. Values die.
  void shrink();

 private:
  simdjson::dom::parser parser_;
  std::string mended_;
  Value root_;
};

}  // namespace weir::plugin::declarative
