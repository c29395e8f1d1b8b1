// Runs one coroutine to its end on a fresh io_context with a small blocking pool; rethrows its exception.
//
//   test::run([](test::Context context) -> Task<> { … co_return; });
#pragma once
#include <exception>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "base/asio.hpp"
#include "base/blocking.hpp"

namespace weir::test {

struct Context {
  asio::io_context& io;
  BlockingPool& blocking;
  Executor executor() const { return io.get_executor(); }
};

template <class Function>
void run(Function function) {
  asio::io_context io;
  BlockingPool blocking(4);
  std::exception_ptr failure;
  asio::co_spawn(io, function(Context{io, blocking}), [&failure](std::exception_ptr error) { failure = error; });
  io.run();
  blocking.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace weir::test
