// Where answers come from: the network (client.hpp), or a recording.
#pragma once
#include "base/asio.hpp"
#include "http/request.hpp"

namespace weir::http {

class Fetcher {
 public:
  virtual ~Fetcher() = default;
  // Any HTTP answer is a Response, whatever its status. Errors:
  //   invalid_input     refused by the egress guard, or a method or header that cannot be sent
  //   timed_out         connect, stall or total time-out, or the request's deadline
  //   answer_too_large  headers or body over their bound
  //   provider_failed   everything else between here and the provider: it may pass
  virtual Task<Result<Response>> fetch(Request request) = 0;
};

}  // namespace weir::http
