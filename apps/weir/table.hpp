// Aligned columns for a person, used by every `ls`. Foreign text is made printable here.
#pragma once
#include <string>
#include <vector>

#include "weir/cli.hpp"

namespace weir::app {

// Control characters (a name that would move the cursor or forge a line) and invalid UTF-8 become U+FFFD.
std::string printable(std::string_view text);

enum class Align { left, right };

struct Column {
  std::string title;
  Align align = Align::left;
};

struct Cell {
  std::string text;
  Colour colour = Colour::plain;
  Cell(std::string value, Colour shade = Colour::plain) : text(std::move(value)), colour(shade) {}
  Cell(const char* value) : text(value) {}
};

//   Table table({{"TENANT"}, {"ROWS", Align::right}});
//   table.add_row({tenant.key, std::to_string(rows)});
//   table.print(cli);
class Table {
 public:
  explicit Table(std::vector<Column> columns);
  void add_row(std::vector<Cell> cells);  // as many as there are columns
  bool empty() const { return rows_.empty(); }
  std::string render(const Cli& cli) const;
  void print(const Cli& cli) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace weir::app
