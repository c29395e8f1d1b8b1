// Blocking work (hashing, DNS, files, libgit2) away from the executor that runs the coroutines.
#pragma once
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "base/asio.hpp"

namespace weir {

using BlockingPool = asio::thread_pool;

// Runs `work` on the pool and resumes here, on the caller's executor, with its value or exception. It is not cut short
// by cancellation: the work itself must look at a flag if it is long.
template <class Work>
Task<std::invoke_result_t<Work>> run_blocking(BlockingPool& pool, Work work) {
  using Value = std::invoke_result_t<Work>;
  using Stored = std::conditional_t<std::is_void_v<Value>, std::monostate, Value>;
  struct State {
    std::optional<Stored> value;
    std::exception_ptr failure;
  };
  const auto state = std::make_shared<State>();
  auto initiate = [&pool, state, work = std::move(work)](auto handler) mutable {
    asio::post(pool, [state, work = std::move(work), handler = std::move(handler)]() mutable {
      try {
        if constexpr (std::is_void_v<Value>) {
          work();
          state->value.emplace();
        } else {
          state->value.emplace(work());
        }
      } catch (...) {
        state->failure = std::current_exception();
      }
      const auto executor = asio::get_associated_executor(handler);
      asio::post(executor, [handler = std::move(handler)]() mutable { handler(); });
    });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(std::move(initiate), asio::use_awaitable);
  if (state->failure) std::rethrow_exception(state->failure);
  if constexpr (!std::is_void_v<Value>) co_return std::move(*state->value);
}

}  // namespace weir
