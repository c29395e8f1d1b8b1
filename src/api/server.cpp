#include "api/server.hpp"

#include <fmt/format.h>
#include <boost/asio/redirect_error.hpp>

#include "api/connection.hpp"
#include "base/log.hpp"

namespace weir::api {
namespace {

using asio::ip::tcp;
constexpr auto k_accept_pause = std::chrono::milliseconds(100);
constexpr auto k_cut_grace = std::chrono::seconds(1);

}  // namespace

Server::Server(Executor executor, ServerSettings settings, Door& door)
    : executor_(executor),
      settings_(std::move(settings)),
      door_(door),
      acceptor_(executor),
      ended_(executor),
      tasks_(executor) {}
Server::~Server() = default;

Result<> Server::open() {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(settings_.address, error);
  if (error)
    return fail(ErrorCode::configuration,
                fmt::format("cannot listen on '{}': it is no IP address, such as 127.0.0.1 or ::", settings_.address));
  const tcp::endpoint endpoint(address, settings_.port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
  if (error)
    return fail(ErrorCode::configuration,
                fmt::format("cannot listen on {}:{}: {}", settings_.address, settings_.port, error.message()));
  port_ = acceptor_.local_endpoint().port();
  tasks_.spawn("api accept", accept());
  return {};
}

std::string Server::url() const {
  const bool is_v6 = settings_.address.contains(':');
  return fmt::format("http://{}{}{}:{}", is_v6 ? "[" : "", settings_.address, is_v6 ? "]" : "", port_);
}

Task<> Server::accept() {
  while (!is_stopping_) {
    boost::system::error_code error;
    auto socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (is_stopping_) break;
    if (error) {
      log_warning("api: a connection could not be accepted: {}", error.message());
      co_await sleep_for(k_accept_pause);
      continue;
    }
    if (connections_.size() >= settings_.connections_max && !make_room()) continue;
    connections_.push_back(std::make_shared<Connection>(std::move(socket), settings_, door_));
    tasks_.spawn("api connection", run(connections_.back()));
  }
}

bool Server::make_room() {
  std::shared_ptr<Connection> longest;
  for (const auto& connection : connections_)
    if (const auto since = connection->idle_since(); since && (!longest || *since < *longest->idle_since()))
      longest = connection;
  if (longest) longest->cut();
  return longest != nullptr;
}

Task<> Server::run(std::shared_ptr<Connection> connection) {
  try {
    co_await connection->serve();
  } catch (...) {
    log_warning("api: a connection broke: {}", current_error().message);
    connection->cut();
  }
  std::erase(connections_, connection);
  ended_.notify();
}

Task<> Server::stop(Deadline deadline) {
  is_stopping_ = true;
  door_.close();
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  for (const auto& connection : connections_) connection->finish();
  while (!connections_.empty() && !deadline.is_over()) co_await ended_.wait(deadline);
  for (const auto& connection : connections_) connection->cut();
  co_await tasks_.stop(Deadline::in(k_cut_grace));
  co_await tasks_.wait();
}

}  // namespace weir::api
