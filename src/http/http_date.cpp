#include "http/http_date.hpp"

#include <array>

#include <fmt/format.h>

#include "http/headers.hpp"
#include "http/scanner.hpp"

namespace weir::http {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 12> k_months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> k_days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::string_view k_letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

struct Fields {
  std::optional<std::int64_t> day, year, hour, minute, second;
  unsigned month = 0;
};

unsigned month_of(std::string_view name) {
  for (std::size_t i = 0; i < k_months.size(); ++i)
    if (equals_ignoring_case(name, k_months[i])) return static_cast<unsigned>(i + 1);
  return 0;
}

void read_time(Scanner& scanner, Fields& fields) {
  fields.hour = scanner.take_number();
  if (scanner.skip(':')) fields.minute = scanner.take_number();
  if (scanner.skip(':')) fields.second = scanner.take_number();
}

// After the day's name and a comma: both forms that end in GMT.
void read_day_first(Scanner& scanner, Fields& fields) {
  scanner.skip_any(" ");
  fields.day = scanner.take_number();
  scanner.skip_any(" -");
  fields.month = month_of(scanner.take_while(k_letters));
  scanner.skip_any(" -");
  const auto digits = scanner.rest().find_first_not_of("0123456789");
  fields.year = scanner.take_number();
  if (digits == 2 && fields.year) *fields.year += *fields.year < 70 ? 2000 : 1900;
  scanner.skip_any(" ");
  read_time(scanner, fields);
  scanner.skip_any(" ");
  const auto zone = scanner.take_while(k_letters);
  if (!equals_ignoring_case(zone, "GMT") && !equals_ignoring_case(zone, "UTC")) fields.month = 0;
}

void read_month_first(Scanner& scanner, Fields& fields) {
  scanner.skip_any(" ");
  fields.month = month_of(scanner.take_while(k_letters));
  scanner.skip_any(" ");
  fields.day = scanner.take_number();
  scanner.skip_any(" ");
  read_time(scanner, fields);
  scanner.skip_any(" ");
  fields.year = scanner.take_number();
}

bool is_between(std::optional<std::int64_t> value, std::int64_t low, std::int64_t high) {
  return value && *value >= low && *value <= high;
}

std::optional<Instant> instant_of(const Fields& fields) {
  if (fields.month == 0 || !is_between(fields.year, 1, 9999) || !is_between(fields.day, 1, 31)) return std::nullopt;
  if (!is_between(fields.hour, 0, 23) || !is_between(fields.minute, 0, 59) || !is_between(fields.second, 0, 60))
    return std::nullopt;
  const year_month_day date{year(static_cast<int>(*fields.year)), month(fields.month),
                            day(static_cast<unsigned>(*fields.day))};
  if (!date.ok()) return std::nullopt;
  return Instant{sys_days(date)} + hours(*fields.hour) + minutes(*fields.minute) + seconds(*fields.second);
}

}  // namespace

std::optional<Instant> parse_http_date(std::string_view text) {
  Scanner scanner(trimmed(text));
  if (scanner.take_while(k_letters).size() < 3) return std::nullopt;
  Fields fields;
  if (scanner.skip(','))
    read_day_first(scanner, fields);
  else
    read_month_first(scanner, fields);
  if (!scanner.at_end()) return std::nullopt;
  return instant_of(fields);
}

std::string format_http_date(Instant instant) {
  const auto day_point = floor<days>(instant);
  const year_month_day date{day_point};
  const hh_mm_ss time{floor<seconds>(instant - day_point)};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", k_days[weekday(day_point).c_encoding()],
                     unsigned(date.day()), k_months[unsigned(date.month()) - 1], int(date.year()), time.hours().count(),
                     time.minutes().count(), time.seconds().count());
}

}  // namespace weir::http
