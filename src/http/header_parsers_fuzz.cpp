// Every parser of header values on the same bytes: no crash, and what was read keeps its promises.
#include <cstdlib>

#include "http/answer_class.hpp"
#include "http/http_date.hpp"
#include "http/link_header.hpp"
#include "http/rate_observation.hpp"
#include "http/retry_after.hpp"

namespace {

using namespace weir;
using namespace weir::http;

void expect(bool holds) {
  if (!holds) std::abort();
}

void check_dates(std::string_view text, Instant now) {
  if (const auto date = parse_http_date(text)) expect(parse_http_date(format_http_date(*date)) == date);
  if (const auto wait = parse_retry_after(text, now)) expect(*wait >= Duration::zero() && *wait <= k_wait_max);
  if (const auto reset = parse_reset(text, now)) expect(*reset >= now - k_wait_max && *reset <= now + k_wait_max);
}

void check_links(std::string_view text) {
  const auto links = parse_links(text);
  expect(links.size() <= k_links_max);
  for (const auto& link : links) expect(link.target.find('>') == std::string::npos && text.contains(link.target));
}

// Lines "Name: value" stand for an answer's header fields.
void check_observation(std::string_view text, Instant now) {
  Headers headers;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto colon = std::min(line.find(':'), line.size());
    headers.add(line.substr(0, colon), line.substr(std::min(line.size(), colon + 1)));
  }
  const auto seen = observe_rate(headers, now);
  for (const auto& count : {seen.limit, seen.remaining, seen.used, seen.refill}) expect(count.value_or(0) >= 0);
  expect(seen.bucket.size() <= 100 && seen.reason.size() <= 100);
  if (seen.reset_at) expect(*seen.reset_at >= now - k_wait_max && *seen.reset_at <= now + k_wait_max);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto now = parse_rfc3339("2026-03-02T10:00:00Z").value();
  check_dates(text, now);
  check_links(text);
  check_observation(text, now);
  const auto message = message_of(text);
  expect(message.size() <= 200 && message.find_first_of("\r\n\x1b") == std::string::npos);
  return 0;
}
