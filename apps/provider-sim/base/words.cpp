#include "provider-sim/base/words.hpp"

#include <array>
#include <string_view>

#include <fmt/format.h>

#include "provider-sim/base/dice.hpp"

namespace weir::sim {
namespace {

using namespace std::string_view_literals;

constexpr std::array k_verbs{"Add"sv,    "Fix"sv,  "Remove"sv,   "Refactor"sv, "Rename"sv, "Update"sv,
                             "Handle"sv, "Move"sv, "Speed up"sv, "Document"sv, "Test"sv,   "Revert"sv};
constexpr std::array k_words{"cache"sv,    "retry"sv,      "parser"sv,     "session"sv,    "timeout"sv,   "index"sv,
                             "worker"sv,   "queue"sv,      "header"sv,     "cursor"sv,     "checkout"sv,  "invoice"sv,
                             "payload"sv,  "webhook"sv,    "migration"sv,  "permission"sv, "dashboard"sv, "upload"sv,
                             "encoding"sv, "pagination"sv, "connection"sv, "schema"sv,     "release"sv,   "linter"sv,
                             "config"sv,   "metrics"sv,    "token"sv,      "billing"sv,    "search"sv,    "tooltip"sv,
                             "handler"sv,  "stream"sv};
constexpr std::array k_links{"for"sv, "in"sv, "of"sv, "when"sv, "without"sv, "before"sv, "after"sv, "and"sv};
constexpr std::array k_given{"Ada"sv,       "Björn"sv, "Chloé"sv,  "Dmitri"sv, "Esra"sv,  "Fatima"sv,
                             "Guillermo"sv, "Hana"sv,  "Ingrid"sv, "Jamal"sv,  "Kaito"sv, "Łucja"sv,
                             "Mwangi"sv,    "Nadia"sv, "Oisín"sv,  "Priya"sv};
constexpr std::array k_family{"Okafor"sv, "Müller"sv, "Nakamura"sv, "O'Brien"sv, "Petrov"sv, "Quispe"sv, "Rossi"sv,
                              "Santos"sv, "Țărnă"sv,  "Ueda"sv,     "Vásquez"sv, "Wójcik"sv, "Yılmaz"sv, "Zhang"sv};
constexpr std::array k_folders{"src"sv, "lib"sv, "cmd"sv, "internal"sv, "web"sv, "docs"sv, "test"sv};
constexpr std::array k_extensions{"cpp"sv, "go"sv, "ts"sv, "py"sv, "md"sv, "rs"sv, "sql"sv};
// What a column, a quoting routine or a width computation gets wrong.
constexpr std::array k_awkward{
    " \"quoted\" \\ backslash"sv, " 🚀 ship it"sv,       " 修正：文字化け"sv, " it's 100% <b>&amp;</b>"sv,
    " e\u0301 combining"sv,       " \u202Eשלום\u202C"sv, " $1; --"sv,         " tab\there"sv};

std::string_view word(Dice& dice) { return dice.pick(k_words); }

std::string sentence(Dice& dice) {
  std::string text(dice.pick(k_verbs));
  const auto count = dice.between(2, 7);
  for (std::int64_t i = 0; i < count; ++i) {
    text += ' ';
    text += i % 2 == 1 ? dice.pick(k_links) : word(dice);
  }
  return text;
}

}  // namespace

std::string make_title(std::uint64_t seed) {
  Dice dice(seed);
  std::string text = sentence(dice);
  if (dice.percent(8)) text += dice.pick(k_awkward);
  return text;
}

std::string make_paragraphs(std::uint64_t seed, std::size_t count) {
  Dice dice(mix(seed, 2));
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) text += "\r\n\r\n";
    const auto sentences = dice.between(2, 5);
    for (std::int64_t s = 0; s < sentences; ++s) {
      if (s > 0) text += ' ';
      text += sentence(dice);
      text += '.';
    }
    if (dice.percent(15)) text += dice.pick(k_awkward);
  }
  return text;
}

std::string make_commit_message(std::uint64_t seed) {
  Dice dice(mix(seed, 3));
  std::string text = sentence(dice);
  if (dice.percent(20)) text += fmt::format(" (#{})", dice.between(1, 400));
  if (dice.percent(5)) text += dice.pick(k_awkward);
  if (dice.percent(33)) text += "\n\n" + sentence(dice) + ".\n" + sentence(dice) + ".";
  if (dice.percent(8)) text += "\n\nCo-authored-by: " + make_person_name(dice.next()) + " <co@example.com>";
  return text;
}

std::string make_slug(std::uint64_t seed) {
  Dice dice(mix(seed, 4));
  const auto first = word(dice);
  return fmt::format("{}-{}", first, word(dice));
}

std::string make_person_name(std::uint64_t seed) {
  Dice dice(mix(seed, 5));
  const auto given = dice.pick(k_given);
  return fmt::format("{} {}", given, dice.pick(k_family));
}

std::string make_path(std::uint64_t seed) {
  Dice dice(mix(seed, 6));
  const auto folder = dice.pick(k_folders);
  const auto part = word(dice);
  return fmt::format("{}/{}/{}.{}", folder, part, word(dice), dice.pick(k_extensions));
}

}  // namespace weir::sim
