#include "base/task_group.hpp"

#include <cassert>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

#include "base/outlive.hpp"

namespace weir {
namespace {

void report_end(const std::string& name, std::exception_ptr failure) {
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (...) {
    const auto error = current_error();
    if (error.code != ErrorCode::cancelled) log_failure(fmt::format("task {} ended", name), error, LogLevel::warning);
  }
}

}  // namespace

TaskGroup::TaskGroup(Executor executor) : executor_(executor), all_done_(executor) {
  all_done_.expires_at(asio::steady_timer::time_point::max());
}

TaskGroup::~TaskGroup() { assert(members_.empty()); }

void TaskGroup::spawn(std::string name, Task<> task) {
  if (refuses_) {
    log_debug("task {} refused: its group is stopping", name);
    return;
  }
  members_.push_back(std::make_unique<Member>());
  members_.back()->name = std::move(name);
  const auto position = std::prev(members_.end());
  auto ended = [this, position](std::exception_ptr failure) {
    const auto member = std::move(*position);
    members_.erase(position);
    report_end(member->name, failure);
    if (members_.empty()) all_done_.cancel();
  };
  asio::co_spawn(executor_, std::move(task),
                 asio::bind_cancellation_slot((*position)->cancellation.slot(), std::move(ended)));
}

void TaskGroup::cancel() {
  for (const auto& member : members_) member->cancellation.emit(asio::cancellation_type::all);
}

// A waiter that is cancelled passes that on and still waits: members must be over before their group dies.
Task<> TaskGroup::wait() {
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  while (!members_.empty()) {
    boost::system::error_code ignored;
    co_await all_done_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) cancel();
  }
  co_await asio::this_coro::throw_if_cancelled(throws);
}

Task<std::vector<std::string>> TaskGroup::stop(Deadline deadline) {
  refuses_ = true;
  // A coroutine that never ran must not be cancelled (Boost 1.81): let all of them start first.
  co_await asio::post(executor_, asio::use_awaitable);
  cancel();
  while (!members_.empty() && !deadline.is_over()) {
    asio::steady_timer pause(executor_);
    pause.expires_at(std::min(deadline.at(), Deadline::in(std::chrono::milliseconds(5)).at()));
    boost::system::error_code ignored;
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  std::vector<std::string> late;
  for (const auto& member : members_) late.push_back(member->name);
  co_return late;
}

Task<> sleep_for(std::chrono::nanoseconds duration) {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor);
  timer.expires_after(std::chrono::duration_cast<asio::steady_timer::duration>(duration));
  co_await timer.async_wait(asio::use_awaitable);
}

Task<bool> is_cancelled() {
  const auto state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

}  // namespace weir
