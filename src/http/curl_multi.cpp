#include "http/curl_multi.hpp"

#include <unordered_map>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace weir::http {
namespace {

using Descriptor = asio::posix::stream_descriptor;

struct Watched {
  Watched(const Executor& executor, curl_socket_t fd) : descriptor(executor, fd) {}
  Descriptor descriptor;
  int wanted = CURL_POLL_NONE;
  bool is_waiting_to_read = false;
  bool is_waiting_to_write = false;
};

void initialise_curl() {
  static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (done != CURLE_OK) throw std::runtime_error("libcurl cannot be initialised");
}

}  // namespace

class CurlMulti::Driver : public std::enable_shared_from_this<CurlMulti::Driver> {
 public:
  Driver(const Executor& executor, const MultiSettings& settings) : executor_(executor), timer_(executor) {
    initialise_curl();
    multi_ = curl_multi_init();
    if (multi_ == nullptr) throw std::bad_alloc();
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Driver::on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Driver::on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_PIPELINING, long{CURLPIPE_MULTIPLEX});
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, long{settings.connections_max});
    curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, long{settings.connections_max});
    curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, long{settings.connections_per_host_max});
  }

  // Closes the pooled connections; their sockets are released first, by on_socket.
  void close() {
    curl_multi_cleanup(multi_);
    multi_ = nullptr;
    timer_.cancel();
    for (auto& [_, socket] : sockets_) socket->descriptor.release();
    sockets_.clear();
  }

  CURLM* multi() { return multi_; }

 private:
  static int on_socket(CURL*, curl_socket_t fd, int what, void* driver, void*) {
    static_cast<Driver*>(driver)->watch(fd, what);
    return 0;
  }

  static int on_timer(CURLM*, long timeout_ms, void* driver) {
    static_cast<Driver*>(driver)->set_timer(timeout_ms);
    return 0;
  }

  void watch(curl_socket_t fd, int what) {
    const auto found = sockets_.find(fd);
    if (what == CURL_POLL_REMOVE) {
      if (found == sockets_.end()) return;
      found->second->wanted = CURL_POLL_NONE;
      found->second->descriptor.release();
      sockets_.erase(found);
      return;
    }
    auto socket = found != sockets_.end() ? found->second : std::make_shared<Watched>(executor_, fd);
    if (found == sockets_.end()) sockets_.emplace(fd, socket);
    socket->wanted = what;
    wait(fd, socket);
  }

  // Waits for what is wanted and not yet waited for. A wait that is no longer wanted stays until it fires, unheeded.
  void wait(curl_socket_t fd, const std::shared_ptr<Watched>& socket) {
    if ((socket->wanted & CURL_POLL_IN) != 0 && !socket->is_waiting_to_read) {
      socket->is_waiting_to_read = true;
      socket->descriptor.async_wait(Descriptor::wait_read, [weak = weak_from_this(), fd, socket](auto error) {
        socket->is_waiting_to_read = false;
        if (const auto driver = weak.lock()) driver->ready(fd, socket, CURL_CSELECT_IN, CURL_POLL_IN, error);
      });
    }
    if ((socket->wanted & CURL_POLL_OUT) != 0 && !socket->is_waiting_to_write) {
      socket->is_waiting_to_write = true;
      socket->descriptor.async_wait(Descriptor::wait_write, [weak = weak_from_this(), fd, socket](auto error) {
        socket->is_waiting_to_write = false;
        if (const auto driver = weak.lock()) driver->ready(fd, socket, CURL_CSELECT_OUT, CURL_POLL_OUT, error);
      });
    }
  }

  void ready(curl_socket_t fd, const std::shared_ptr<Watched>& socket, int event, int needed,
             const boost::system::error_code& error) {
    if (error == asio::error::operation_aborted || multi_ == nullptr || (socket->wanted & needed) == 0) return;
    act(fd, error ? CURL_CSELECT_ERR : event);
    // libcurl may have closed it and opened another of the same number meanwhile; then `socket` wants nothing more.
    if (socket->wanted != CURL_POLL_NONE) wait(fd, socket);
  }

  void set_timer(long timeout_ms) {
    timer_.cancel();
    if (timeout_ms < 0) return;
    timer_.expires_after(std::chrono::milliseconds(timeout_ms));
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto driver = weak.lock();
      if (!error && driver && driver->multi_ != nullptr) driver->act(CURL_SOCKET_TIMEOUT, 0);
    });
  }

  void act(curl_socket_t fd, int events) {
    int running = 0;
    curl_multi_socket_action(multi_, fd, events, &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      void* end = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &end);
      static_cast<TransferEnd*>(end)->ended(message->data.result);
    }
  }

  Executor executor_;
  asio::steady_timer timer_;
  CURLM* multi_ = nullptr;
  std::unordered_map<curl_socket_t, std::shared_ptr<Watched>> sockets_;
};

CurlMulti::CurlMulti(const Executor& executor, const MultiSettings& settings)
    : driver_(std::make_shared<Driver>(executor, settings)) {}

CurlMulti::~CurlMulti() { driver_->close(); }

void CurlMulti::add(CURL* handle) {
  if (curl_multi_add_handle(driver_->multi(), handle) != CURLM_OK)
    throw std::runtime_error("libcurl refuses a transfer");
}

void CurlMulti::remove(CURL* handle) { curl_multi_remove_handle(driver_->multi(), handle); }

}  // namespace weir::http
