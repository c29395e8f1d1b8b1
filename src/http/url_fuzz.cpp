// URLs: what was accepted reads the same again, and libcurl sees the same host and port in it; a link is never followed
// to another origin.
#include <cstdlib>
#include <memory>

#include <curl/curl.h>

#include "http/ip_address.hpp"
#include "http/next_page.hpp"

namespace {

using namespace weir;
using namespace weir::http;

void expect(bool holds) {
  if (!holds) std::abort();
}

std::string part_of(CURLU* handle, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(handle, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

void check_that_curl_agrees(const Url& url) {
  const std::unique_ptr<CURLU, void (*)(CURLU*)> handle(curl_url(), curl_url_cleanup);
  if (curl_url_set(handle.get(), CURLUPART_URL, url.text().c_str(), CURLU_PATH_AS_IS) != CURLUE_OK) return;
  expect(part_of(handle.get(), CURLUPART_SCHEME) == url.origin().scheme);
  expect(part_of(handle.get(), CURLUPART_PORT) == std::to_string(url.origin().port));
  expect(part_of(handle.get(), CURLUPART_USER).empty());
  // curl writes IPv4 addresses in odd spellings as dotted quads, and IPv6 ones in their shortest form.
  const auto host = part_of(handle.get(), CURLUPART_HOST);
  const auto address = parse_literal_host(url.origin().host);
  expect(address ? parse_literal_host(host) == address : host == url.origin().host);
}

void check(const Url& url) {
  const auto again = Url::parse(url.text());
  expect(again.has_value() && *again == url);
  expect(url.text().size() < 4 * k_url_bytes_max);
  check_that_curl_agrees(url);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto url = Url::parse(text)) check(*url);
  const auto base = Url::parse("https://api.example/v3").value();
  const auto current = Url::parse("https://api.example/v3/items?page=1").value();
  for (const auto foreign : {ForeignLink::refuse, ForeignLink::rebase}) {
    const auto next = follow_link(base, current, text, foreign);
    if (!next.has_value() || !next->has_value()) continue;
    expect((*next)->origin() == base.origin());
    check(**next);
  }
  if (const auto joined = base.join(text)) expect(joined->origin() == base.origin());
  check(base.with_query("key", text));
  expect(base.with_query("key", text).redacted().find("key=***") != std::string::npos);
  return 0;
}
