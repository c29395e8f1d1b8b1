// The few names of Asio that Weir's code uses everywhere.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace weir {

namespace asio = boost::asio;
using Executor = asio::any_io_executor;

// A coroutine. It runs on the executor it was spawned on and is cancelled there (see TaskGroup). Parameters: data by
// value, long-lived services by reference.
template <class T = void>
using Task = asio::awaitable<T>;

}  // namespace weir
