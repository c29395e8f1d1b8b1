#include "http/link_header.hpp"

#include <algorithm>

#include "http/scanner.hpp"

namespace weir::http {
namespace {

constexpr std::string_view k_blanks = " \t";
constexpr std::string_view k_token_ends = " \t,;=\"<>";

// A token, or a quoted string with its escapes undone; nullopt for an open quote.
std::optional<std::string> read_value(Scanner& scanner) {
  if (!scanner.skip('"')) return std::string(scanner.take_until(" \t,;"));
  std::string value;
  for (;;) {
    value += scanner.take_until("\"\\");
    if (scanner.skip('"')) return value;
    if (!scanner.skip('\\') || scanner.at_end()) return std::nullopt;
    value += scanner.take();
  }
}

std::vector<std::string> split_relations(std::string_view text) {
  std::vector<std::string> relations;
  Scanner scanner(text);
  for (scanner.skip_any(k_blanks); !scanner.at_end(); scanner.skip_any(k_blanks)) {
    std::string relation(scanner.take_until(k_blanks));
    for (auto& c : relation)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    relations.push_back(std::move(relation));
  }
  return relations;
}

// The parameters of one link, up to the comma after it; only the first rel counts (RFC 8288, 3.3).
bool read_parameters(Scanner& scanner, Link& link) {
  bool has_relation = false;
  for (;;) {
    scanner.skip_any(k_blanks);
    if (!scanner.skip(';')) return true;
    scanner.skip_any(k_blanks);
    const auto name = scanner.take_until(k_token_ends);
    scanner.skip_any(k_blanks);
    if (!scanner.skip('=')) continue;
    scanner.skip_any(k_blanks);
    const auto value = read_value(scanner);
    if (!value) return false;
    if (has_relation || !equals_ignoring_case(name, "rel")) continue;
    link.relations = split_relations(*value);
    has_relation = true;
  }
}

}  // namespace

bool Link::has(std::string_view relation) const {
  return std::ranges::any_of(relations, [&](const std::string& one) { return equals_ignoring_case(one, relation); });
}

std::vector<Link> parse_links(std::string_view header) {
  std::vector<Link> links;
  Scanner scanner(header);
  while (links.size() < k_links_max) {
    scanner.skip_any(" \t,");
    if (!scanner.skip('<')) break;
    Link link{std::string(scanner.take_until(">")), {}};
    if (!scanner.skip('>') || !read_parameters(scanner, link)) break;
    links.push_back(std::move(link));
    if (scanner.at_end() || scanner.peek() != ',') break;
  }
  return links;
}

std::optional<std::string> find_link(const Headers& headers, std::string_view relation) {
  for (const auto header : headers.all("Link"))
    for (auto& link : parse_links(header))
      if (link.has(relation)) return std::move(link.target);
  return std::nullopt;
}

}  // namespace weir::http
