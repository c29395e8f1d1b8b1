// One request and its answer as text: what --record writes, --replay reads and plugin tests hold. Requests are recorded
// before credentials are added; of answers, what may identify a secret is taken out.
//
//   {"request": {"method": "GET", "url": "https://…", "body": …}, "response": {"status": 200, "headers": {…}, "body":
//   …}}
//
// A body that is JSON stands there as JSON, any other as text.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "plugin/requester.hpp"
#include "tenancy/environment.hpp"

namespace weir::plugin {

struct Exchange {
  std::string method = "GET";
  std::string url;
  nlohmann::json request_body = nullptr;
  int status = 200;
  http::Headers headers{};
  nlohmann::json body = nullptr;

  std::string body_text() const;  // as it travels
};

nlohmann::json to_json(const Exchange& exchange);
// invalid_input: a part is missing or of another kind; the message says which.
Result<Exchange> parse_exchange(const nlohmann::json& json);

// JSON as a body holds it, or the text itself.
nlohmann::json body_document(std::string_view body);

// One JSON document in each line.
Result<std::vector<Exchange>> read_exchanges(const std::filesystem::path& file);

// Takes out of an answer: header fields that are not known to be harmless, members whose names speak of secrets, and
// every text that holds one of the data source's secrets.
class Scrubber {
 public:
  explicit Scrubber(const tenancy::Environment& environment);
  void scrub(Exchange& exchange) const;

 private:
  void scrub(nlohmann::json& value) const;
  void scrub(std::string& text) const;
  std::vector<Secret> secrets_;
};

}  // namespace weir::plugin
