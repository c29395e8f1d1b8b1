// One request and its answer.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "http/body_room.hpp"
#include "http/egress.hpp"
#include "http/headers.hpp"
#include "http/url.hpp"

namespace weir::http {

// Takes the body of a successful answer as it arrives, decompressed. Called while the client drives its connections:
// it must not block, and what it costs delays all other transfers.
class BodySink {
 public:
  virtual ~BodySink() = default;
  virtual Result<> write(std::string_view chunk) = 0;  // an error ends the transfer and is its outcome
  // Forgets what was written, since the request is made again; false: it cannot.
  virtual bool restart() { return false; }
};

struct SecretHeader {
  std::string name;  // Authorization, PRIVATE-TOKEN, Circle-Token
  Secret value;
};

struct Request {
  Url url;
  std::string method = "GET";
  Headers headers{};
  // Sent, never shown; with them (or a body) redirects are followed on the same origin only.
  std::vector<SecretHeader> secret_headers{};
  std::string body{};
  Deadline deadline = Deadline::never();                 // besides the client's own total_timeout
  std::size_t body_bytes_max = 0;                        // of the answer, decompressed; 0: the client's setting
  std::shared_ptr<const EgressPolicy> egress = nullptr;  // a tenant's own policy; null: the client's
  BodySink* sink = nullptr;                              // lives until fetch() returns
  std::string buffer{};  // storage for the answer's body, to be reused: bodies of one size then allocate nothing
};

struct Response {
  int status = 0;
  Headers headers;
  std::string body;                   // empty when a sink took it
  std::shared_ptr<BodyLease> room{};  // what a large body takes of the process's; keep it with the body
  std::int64_t bytes = 0;             // received on the wire, headers included, of all hops
  int requests = 0;                   // sent: one, and one for each redirect
  bool is_http2 = false;
  std::chrono::milliseconds duration{0};
  Url url;                        // that answered in the end
  std::optional<Url> moved_to{};  // where permanent redirects alone led: the address to remember
};

}  // namespace weir::http
