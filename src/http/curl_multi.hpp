// libcurl's multi interface driven by an Asio executor: libcurl says which sockets and which timer it waits for, Asio
// waits. Sockets belong to libcurl: here they are wrapped and released, never closed. Private to this module.
#pragma once
#include <memory>

#include <curl/curl.h>

#include "base/asio.hpp"

namespace weir::http {

struct MultiSettings {
  int connections_max = 128;
  int connections_per_host_max = 16;
};

// Who is told that a transfer has ended. Set as the handle's CURLOPT_PRIVATE.
class TransferEnd {
 public:
  virtual void ended(CURLcode result) = 0;

 protected:
  ~TransferEnd() = default;
};

// Everything on the executor given; one thread.
class CurlMulti {
 public:
  CurlMulti(const Executor& executor, const MultiSettings& settings);
  ~CurlMulti();  // every handle was removed
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;

  // Starts the transfer; ended() is called later, from the executor, never from in here.
  void add(CURL* handle);
  // Ends it at once, however far it is. Idle connections stay in the pool.
  void remove(CURL* handle);

 private:
  class Driver;
  std::shared_ptr<Driver> driver_;
};

}  // namespace weir::http
