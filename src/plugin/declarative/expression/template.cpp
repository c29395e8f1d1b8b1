#include "plugin/declarative/expression/template.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "plugin/declarative/expression/evaluator.hpp"

namespace weir::plugin::declarative {
namespace {

constexpr std::size_t k_bytes_max = 16U << 10U;
constexpr std::size_t k_parts_max = 64;

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// The offset of a line and column in a text; columns count characters.
std::size_t offset_of(std::string_view source, int line, int column) {
  std::size_t at = 0;
  for (int i = 1; i < line; ++i) {
    const auto end = source.find('\n', at);
    if (end == source.npos) return source.size();
    at = end + 1;
  }
  for (int i = 1; i < column && at < source.size() && source[at] != '\n'; ++i) do
      ++at;
    while (at < source.size() && (static_cast<unsigned char>(source[at]) & 0xC0U) == 0x80U);
  return std::min(at, source.size());
}

}  // namespace

// Quotes, indentation and folding set a scalar apart from its source: both are followed in parallel, and what stands
// only in the source is stepped over.
TemplatePlace::TemplatePlace(const std::string& file, std::string_view source, const YamlNode& node) : file_(file) {
  auto at = offset_of(source, node.line, node.column);
  auto line = static_cast<std::uint32_t>(node.line);
  auto column = static_cast<std::uint32_t>(node.column);
  const auto step = [&] {
    if (source[at] == '\n') {
      ++line;
      column = 1;
    } else if ((static_cast<unsigned char>(source[at]) & 0xC0U) != 0x80U) {
      ++column;
    }
    ++at;
  };
  runs_.push_back({0, line, column});
  bool is_broken = true;
  for (std::size_t i = 0; i < node.text.size(); ++i) {
    if (is_space(node.text[i])) {
      is_broken = true;
      continue;
    }
    const auto before = at;
    while (at < source.size() && source[at] != node.text[i]) step();
    if (at >= source.size()) return;
    if (is_broken || at != before) runs_.push_back({static_cast<std::uint32_t>(i), line, column});
    is_broken = false;
    step();
  }
}

std::pair<int, int> TemplatePlace::find(std::size_t offset) const {
  if (runs_.empty()) return {0, 0};
  auto run = std::ranges::upper_bound(runs_, offset, {}, [](const Line& line) { return std::size_t{line.offset}; });
  if (run != runs_.begin()) --run;
  return {static_cast<int>(run->line), static_cast<int>(run->column + (offset - run->offset))};
}

std::string TemplatePlace::at(std::size_t offset) const {
  const auto [line, column] = find(offset);
  return fmt::format("{}:{}:{}", file_, line, column);
}

FileProblem TemplatePlace::problem(const ExpressionProblem& problem) const {
  const auto [line, column] = find(problem.offset);
  return {file_, line, column, problem.message, problem.remedy};
}

std::expected<Template, ExpressionProblem> Template::compile(std::string_view text, Roots known, TemplatePlace place) {
  if (text.size() > k_bytes_max) return std::unexpected(ExpressionProblem{0, "the text is too long", "shorten it"});
  Template result;
  result.is_absent_ = false;
  result.text_ = text;
  result.place_ = std::move(place);
  std::size_t from = 0;
  for (auto open = text.find("{{"); open != text.npos; open = text.find("{{", from)) {
    if (result.parts_.size() == k_parts_max)
      return std::unexpected(ExpressionProblem{open, "there are too many expressions in one text"});
    auto parsed = declarative::compile(text, open + 2, known);
    if (!parsed) return std::unexpected(std::move(parsed.error()));
    result.parts_.push_back({std::string(text.substr(from, open - from)), std::move(parsed->program)});
    from = parsed->end;
  }
  result.tail_ = text.substr(from);
  for (const auto* mark : {"{%", "{#"})
    if (const auto found = text.find(mark); found != text.npos && result.parts_.empty())
      return std::unexpected(
          ExpressionProblem{found, fmt::format("'{}' is not supported", mark), "use {{ }}, with 'a if b else c'"});
  return result;
}

Result<Value> Template::run(const Program& program, const Scope& scope, Scratch& scratch) const {
  const auto& top = program.top();
  if (top.op == Op::path) {
    auto value = scope[top.root];
    for (std::size_t i = 0; i < top.count && !value.is_null(); ++i) value = value.get(program.key(top, i));
    return value;
  }
  Evaluator evaluator(program, scope, scratch);
  const auto value = evaluator.run();
  if (!evaluator.is_failed()) return value;
  const auto& problem = evaluator.problem();
  return fail(ErrorCode::declaration_invalid, fmt::format("{}: {}", place_.at(problem.offset), problem.message));
}

Result<Value> Template::evaluate(const Scope& scope, Scratch& scratch) const {
  if (is_absent_) return Value();
  if (parts_.empty()) return Value::Any(std::string_view(tail_));
  if (parts_.size() == 1 && parts_.front().before.empty() && tail_.empty())
    return run(parts_.front().program, scope, scratch);
  return evaluate_text(scope, scratch);
}

Result<Value> Template::evaluate_text(const Scope& scope, Scratch& scratch) const {
  std::string out;
  for (const auto& part : parts_) {
    const auto value = run(part.program, scope, scratch);
    if (!value) return value;
    if (value->is_null()) return Value();
    out += part.before;
    if (!append_text(out, *value))
      return fail(
          ErrorCode::declaration_invalid,
          fmt::format("{}: {} cannot stand inside a text", place_.at(part.program.top().offset), value->type_name()));
  }
  out += tail_;
  auto* memory = scratch.allocate(out.size());
  if (memory == nullptr)
    return fail(ErrorCode::declaration_invalid,
                fmt::format("{}: it makes more text than one expression may", place_.at(0)));
  std::ranges::copy(out, memory);
  return Value::Any(std::string_view(memory, out.size()));
}

std::vector<std::pair<std::string_view, std::size_t>> Template::keys_of(Root root) const {
  std::vector<std::pair<std::string_view, std::size_t>> keys;
  for (const auto& part : parts_)
    for (const auto& node : part.program.nodes)
      if (node.op == Op::path && node.root == root)
        keys.emplace_back(node.count == 0 ? std::string_view() : part.program.key(node, 0), node.offset);
  return keys;
}

}  // namespace weir::plugin::declarative
