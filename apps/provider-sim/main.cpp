#include <csignal>
#include <cstdio>
#include <fstream>

#include <fmt/format.h>
#include <boost/asio/signal_set.hpp>

#include "base/task_group.hpp"
#include "provider-sim/http/server.hpp"

namespace {

using namespace weir;
using namespace weir::sim;

Task<> stop_on_signal(asio::io_context& context, HttpServer& server) {
  asio::signal_set signals(context, SIGINT, SIGTERM);
  co_await signals.async_wait(asio::use_awaitable);
  co_await server.stop();
  context.stop();
}

int run(Options options) {
  asio::io_context context(1);
  HttpServer server(context, {.address = options.address, .port = options.port, .compresses = options.compresses});
  const auto port = server.port();
  const auto base = options.base_url.empty() ? fmt::format("http://{}:{}", options.address, port) : options.base_url;
  SimClock clock(options.world.now, options.is_frozen ? SimClock::Flow::frozen : SimClock::Flow::real);
  const auto port_file = options.port_file;
  const Origins origins{.api = options.is_enterprise ? base + "/api/v3" : base};
  Provider provider(std::move(options), origins, clock);
  Control control(provider);
  server.serve(provider, control);
  if (!port_file.empty()) std::ofstream(port_file) << port << '\n';
  fmt::print("{{\"base_url\":\"{}\",\"port\":{},\"pid\":{}}}\n", base, port, getpid());
  std::fflush(stdout);

  TaskGroup tasks(context.get_executor());
  tasks.spawn("stop on a signal", stop_on_signal(context, server));
  context.run();
  // What was about to end when the context was stopped.
  context.restart();
  context.poll();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  auto options = parse_command_line(argc, argv);
  if (!options) return options.error();
  try {
    return run(std::move(*options));
  } catch (const std::exception& error) {
    fmt::print(stderr, "provider-sim: {}\n", error.what());
    return 1;
  }
}
