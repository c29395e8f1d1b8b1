#include "plugin/builtin/git/raw_object.hpp"

#include <charconv>
#include <cstdlib>
#include <limits>

#include "plugin/builtin/git/encoding.hpp"

namespace weir::plugin::git {
namespace {

constexpr std::string_view k_spaces = " \t\v\f\r\n";

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(k_spaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(k_spaces) - begin + 1);
}

std::string_view without_empty_lines_around(std::string_view text) {
  const auto begin = text.find_first_not_of('\n');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of('\n') - begin + 1);
}

// The header of an object line by line; what is left after the empty line is the message.
class Header {
 public:
  explicit Header(std::string_view bytes) : left_(bytes) {}

  // False at the end of the header.
  bool next() {
    if (left_.empty()) return false;
    const auto end = left_.find('\n');
    const auto line = left_.substr(0, end);
    left_.remove_prefix(end == std::string_view::npos ? left_.size() : end + 1);
    if (line.empty()) return false;
    const auto space = line.find(' ');
    key_ = line.substr(0, space);  // empty for the continuation of a signature
    value_ = space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
    return true;
  }
  std::string_view key() const { return key_; }
  std::string_view value() const { return value_; }
  std::string_view message() const { return left_; }

 private:
  std::string_view left_;
  std::string_view key_;
  std::string_view value_;
};

std::optional<std::int64_t> parse_seconds(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (end == text.data()) return std::nullopt;
  if (error != std::errc{})
    return text.starts_with('-') ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
  return seconds;
}

std::optional<Instant> to_instant(std::int64_t seconds) {
  constexpr auto k_seconds_max = std::chrono::duration_cast<std::chrono::seconds>(Duration::max()).count();
  if (seconds > k_seconds_max || seconds < -k_seconds_max) return std::nullopt;
  return Instant(std::chrono::seconds(seconds));
}

std::optional<int> parse_zone(std::string_view text) {
  if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  int digits = 0;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), digits);
  if (error != std::errc{} || end != text.data() + text.size() || digits < 0) return std::nullopt;
  const int minutes = digits / 100 * 60 + digits % 100;
  if (digits / 100 > 24 || minutes > 24 * 60) return std::nullopt;
  return text[0] == '-' ? -minutes : minutes;
}

// The seconds of "... > 1700000000 +0100", where a name may hold anything.
std::string_view after_last_bracket(std::string_view line) {
  const auto bracket = line.rfind('>');
  return bracket == std::string_view::npos ? std::string_view() : trimmed(line.substr(bracket + 1));
}

}  // namespace

Signature parse_signature(std::string_view line, std::string_view encoding) {
  Signature signature;
  const auto open = line.find('<');
  const auto close = open == std::string_view::npos ? open : line.find('>', open);
  signature.name = to_utf8(trimmed(line.substr(0, open)), encoding);
  if (close != std::string_view::npos)
    signature.email = to_utf8(trimmed(line.substr(open + 1, close - open - 1)), encoding);
  const auto date = after_last_bracket(line);
  const auto space = date.find(' ');
  if (const auto seconds = parse_seconds(date.substr(0, space))) signature.at = to_instant(*seconds);
  if (space != std::string_view::npos) signature.tz_min = parse_zone(trimmed(date.substr(space)));
  return signature;
}

std::optional<RawCommit> parse_commit(std::string_view bytes) {
  RawCommit commit;
  bool has_tree = false;
  std::string_view author, committer, encoding;
  Header header(bytes);
  while (header.next()) {
    if (header.key() == "tree" && !has_tree) {
      const auto id = ObjectId::parse(header.value());
      if (!id) return std::nullopt;
      commit.tree = *id;
      has_tree = true;
    } else if (header.key() == "parent" && author.empty()) {
      if (const auto id = ObjectId::parse(header.value())) commit.parents.push_back(*id);
    } else if (header.key() == "author" && author.empty()) {
      author = header.value();
    } else if (header.key() == "committer" && committer.empty()) {
      committer = header.value();
    } else if (header.key() == "encoding") {
      encoding = header.value();
    }
  }
  if (!has_tree) return std::nullopt;
  commit.author = parse_signature(author, encoding);
  commit.committer = parse_signature(committer, encoding);
  commit.message = to_utf8(without_empty_lines_around(header.message()), encoding);
  return commit;
}

bool parse_links(std::string_view bytes, CommitLinks& links) {
  links.parents.clear();
  links.committed_s = 0;
  if (!bytes.starts_with("tree ")) return false;
  bool has_author = false;
  Header header(bytes);
  while (header.next()) {
    if (header.key() == "author") {
      has_author = true;
    } else if (header.key() == "parent" && !has_author) {
      if (const auto id = ObjectId::parse(header.value())) links.parents.push_back(*id);
    } else if (header.key() == "committer") {
      links.committed_s = parse_seconds(after_last_bracket(header.value())).value_or(0);
      return true;
    }
  }
  return true;
}

std::optional<RawTag> parse_tag(std::string_view bytes) {
  RawTag tag;
  bool has_target = false;
  Header header(bytes);
  while (header.next()) {
    if (header.key() == "object" && !has_target) {
      const auto id = ObjectId::parse(header.value());
      if (!id) return std::nullopt;
      tag.target = *id;
      has_target = true;
    } else if (header.key() == "type") {
      tag.target_type = header.value();
    } else if (header.key() == "tag") {
      tag.name = header.value();
    } else if (header.key() == "tagger") {
      tag.tagger = parse_signature(header.value(), {});
    }
  }
  if (!has_target) return std::nullopt;
  tag.message = without_empty_lines_around(header.message());
  return tag;
}

}  // namespace weir::plugin::git
