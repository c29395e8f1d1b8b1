#include "base/yaml.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>
#include <nlohmann/json.hpp>

namespace weir {
namespace {

struct Refusal {
  YAML::Mark mark;
  std::string message;
  std::string remedy;
};

// UTF-8 without NUL: also what escapes in quotes can make.
bool is_text(const std::string& value) {
  if (value.contains('\0')) return false;
  try {
    return !nlohmann::json(value).dump().empty();
  } catch (const nlohmann::json::type_error&) {
    return false;
  }
}

// Builds the tree from the parser's events and refuses what a declaration does not need.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(YamlLimits limits) : limits_(limits) {}
  YamlNode take() { return root_ ? std::move(*root_) : YamlNode{}; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) throw Refusal{mark, "a second document begins here", "write one document per file"};
  }
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string&) override { refuse_anchor(mark); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse_anchor(mark); }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(make_node(YamlNode::Kind::null, mark, "", anchor), mark);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (!is_text(value))
      throw Refusal{mark, "this is not UTF-8 text", "save the file as UTF-8, without NUL characters"};
    auto node = make_node(YamlNode::Kind::scalar, mark, tag, anchor);
    node.text = value;
    node.is_plain = tag == "?";
    add(std::move(node), mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(make_node(YamlNode::Kind::list, mark, tag, anchor), mark);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(make_node(YamlNode::Kind::mapping, mark, tag, anchor), mark);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YamlNode node;
    std::optional<YamlNode> key;  // of a mapping: read, its value not yet
  };

  [[noreturn]] static void refuse_anchor(const YAML::Mark& mark) {
    throw Refusal{mark, "anchors and aliases (& and *) are not allowed", "write the value out"};
  }

  YamlNode make_node(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) refuse_anchor(mark);
    if (!tag.empty() && tag != "?" && tag != "!")
      throw Refusal{mark, fmt::format("the tag {} is not allowed", excerpt(tag)), "write plain YAML without tags"};
    if (++nodes_ > limits_.nodes_max)
      throw Refusal{mark, fmt::format("the file has more than {} values", limits_.nodes_max), "split it"};
    YamlNode node;
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }

  void open(YamlNode node, const YAML::Mark& mark) {
    if (open_.size() >= limits_.depth_max)
      throw Refusal{mark, fmt::format("values are nested deeper than {}", limits_.depth_max), "flatten them"};
    if (!open_.empty() && open_.back().node.kind == YamlNode::Kind::mapping && !open_.back().key) refuse_key(mark);
    open_.push_back({std::move(node), std::nullopt});
  }

  void close() {
    auto node = std::move(open_.back().node);
    open_.pop_back();
    place(std::move(node));
  }

  void add(YamlNode node, const YAML::Mark& mark) {
    if (!open_.empty() && open_.back().node.kind == YamlNode::Kind::mapping && !open_.back().key) {
      if (node.kind != YamlNode::Kind::scalar) refuse_key(mark);
      if (const auto* earlier = find_entry(open_.back().node, node.text))
        throw Refusal{mark, fmt::format("the key '{}' is repeated", excerpt(node.text)),
                      fmt::format("remove it here or in line {}", earlier->key.line)};
      open_.back().key = std::move(node);
      return;
    }
    place(std::move(node));
  }

  void place(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (auto& parent = open_.back(); parent.node.kind == YamlNode::Kind::list) {
      parent.node.items.push_back(std::move(node));
    } else {
      parent.node.entries.push_back({std::move(*parent.key), std::move(node)});
      parent.key.reset();
    }
  }

  [[noreturn]] static void refuse_key(const YAML::Mark& mark) {
    throw Refusal{mark, "a key must be a word", "quote it, or write 'key: value'"};
  }

  static const YamlEntry* find_entry(const YamlNode& mapping, std::string_view key) {
    for (const auto& entry : mapping.entries)
      if (entry.key.text == key) return &entry;
    return nullptr;
  }

  YamlLimits limits_;
  std::vector<Open> open_;
  std::optional<YamlNode> root_;
  std::size_t nodes_ = 0;
  int documents_ = 0;
};

FileProblem too_large(const std::string& file, std::size_t bytes_max) {
  return {file, 0, 0, fmt::format("the file is larger than {} KiB", bytes_max >> 10U), "split it"};
}

}  // namespace

std::string FileProblem::to_string() const {
  auto out = file;
  if (line > 0) out += fmt::format(":{}:{}", line, column);
  out += ": " + message;
  if (!remedy.empty()) out += "; " + remedy;
  return out;
}

Error FileProblem::to_error() const { return {ErrorCode::declaration_invalid, to_string()}; }

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const auto& entry : entries)
    if (entry.key.text == key) return &entry.value;
  return nullptr;
}

std::string excerpt(std::string_view text) {
  constexpr std::size_t k_bytes_max = 60;
  if (text.size() <= k_bytes_max) return std::string(text);
  std::size_t end = k_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;  // not inside a character
  return std::string(text.substr(0, end)) + "…";
}

std::expected<YamlNode, FileProblem> parse_yaml(std::string_view text, const std::string& file, YamlLimits limits) {
  if (text.size() > limits.bytes_max) return std::unexpected(too_large(file, limits.bytes_max));
  if (const auto nul = text.find('\0'); nul != std::string_view::npos)
    return std::unexpected(FileProblem{file, 0, 0, "the file holds a NUL byte", "it is not a text file: replace it"});
  std::istringstream in{std::string(text)};
  TreeBuilder builder(limits);
  const auto problem_at = [&](const YAML::Mark& mark, std::string message, std::string remedy) {
    return std::unexpected(FileProblem{file, mark.line + 1, mark.column + 1, std::move(message), std::move(remedy)});
  };
  try {
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refusal& refusal) {
    return problem_at(refusal.mark, refusal.message, refusal.remedy);
  } catch (const YAML::Exception& error) {
    return problem_at(error.mark, "this is not valid YAML: " + error.msg, "check indentation, quotes and brackets");
  }
  return builder.take();
}

std::expected<std::string, FileProblem> read_yaml_text(const std::filesystem::path& path, YamlLimits limits) {
  const auto file = path.string();
  std::ifstream in(path, std::ios::binary);
  std::string text;
  if (in) {
    text.resize(limits.bytes_max + 1);
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
  }
  if (!in && !in.eof())
    return std::unexpected(FileProblem{file, 0, 0, fmt::format("the file cannot be read: {}", std::strerror(errno)),
                                       "check that it exists and its permissions"});
  if (text.size() > limits.bytes_max) return std::unexpected(too_large(file, limits.bytes_max));
  return text;
}

std::expected<YamlNode, FileProblem> read_yaml_file(const std::filesystem::path& path, YamlLimits limits) {
  const auto text = read_yaml_text(path, limits);
  return text ? parse_yaml(*text, path.string(), limits) : std::unexpected(text.error());
}

}  // namespace weir
