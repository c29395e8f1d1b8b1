// A request and an answer, free of any HTTP library: what the simulated provider is a function of.
#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::sim {

class Query {
 public:
  Query() = default;
  explicit Query(std::string_view text);  // after the '?', percent-decoded; '+' is a space

  const std::string* find(std::string_view name) const;
  std::string get(std::string_view name, std::string_view otherwise = {}) const;
  // As received, without the named parameters, ready to be appended to a path ("" or "?a=b").
  std::string without(std::initializer_list<std::string_view> names) const;

 private:
  struct Parameter {
    std::string name{};
    std::string value{};
    std::string raw{};
  };
  std::vector<Parameter> parameters_;
};

struct Request {
  std::string method = "GET";
  std::string target{};  // path and query as received
  std::string path{};    // without the query and the Enterprise prefix
  Query query{};
  std::string authorization{};
  std::string user_agent{};
  std::string accept{};
  std::string api_version{};
  std::string if_none_match{};
  std::string if_modified_since{};
  bool accepts_gzip = false;
  std::string body{};
};

// How an answer leaves the house; everything but `normal` is a fault.
enum class Delivery { normal, reset, truncated, hang, drip, endless };

using Body = std::shared_ptr<const std::string>;

struct Response {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers{};
  Body body{};
  Delivery delivery = Delivery::normal;
  std::uint64_t endless_bytes = 0;  // of Delivery::endless: how many in all
  std::chrono::milliseconds delay{0};

  const std::string* header(std::string_view name) const;
};

Response json_response(int status, std::string body);
std::string decode_percent(std::string_view text);
std::string encode_percent(std::string_view text);  // for a query value

}  // namespace weir::sim
