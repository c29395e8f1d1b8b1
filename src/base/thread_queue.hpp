// A bounded queue from one worker thread to one coroutine: the thread blocks when it is full, the coroutine awaits
// when it is empty. Bounded memory between a blocking library and the load path. Its owner joins the thread before the
// queue dies.
#pragma once
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/asio.hpp"

namespace weir {

template <class T>
class ThreadQueue {
 public:
  ThreadQueue(const Executor& consumer, std::size_t items_max)
      : consumer_(consumer), items_max_(items_max), filled_(std::make_shared<asio::steady_timer>(consumer)) {
    filled_->expires_at(asio::steady_timer::time_point::max());
  }

  // Worker thread: blocks while full. False once the consumer has closed the queue: stop producing.
  bool push(T item) {
    std::unique_lock lock(mutex_);
    drained_.wait(lock, [this] { return is_closed_ || items_.size() < items_max_; });
    if (is_closed_) return false;
    items_.push_back(std::move(item));
    wake(lock);
    return true;
  }

  // Worker thread: nothing more will come. It must be the last thing the thread does with the queue.
  void finish() {
    std::unique_lock lock(mutex_);
    is_finished_ = true;
    wake(lock);
  }

  // Consumer: the next item; nullopt when the producer has finished and all was taken.
  Task<std::optional<T>> pop() {
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        if (!items_.empty()) {
          std::optional<T> item(std::move(items_.front()));
          items_.pop_front();
          drained_.notify_one();
          co_return item;
        }
        if (is_finished_ || is_closed_) co_return std::nullopt;
        is_awaited_ = true;
      }
      boost::system::error_code woken;
      co_await filled_->async_wait(asio::redirect_error(asio::use_awaitable, woken));
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none)
        throw boost::system::system_error(asio::error::operation_aborted);
    }
  }

  // Consumer: refuses further items and frees a blocked producer.
  void close() {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    items_.clear();
    drained_.notify_all();
  }

 private:
  void wake(const std::unique_lock<std::mutex>&) {
    if (!std::exchange(is_awaited_, false)) return;
    asio::post(consumer_, [filled = filled_] { filled->cancel(); });
  }

  Executor consumer_;
  std::size_t items_max_;
  std::mutex mutex_;
  std::condition_variable drained_;
  std::deque<T> items_;
  std::shared_ptr<asio::steady_timer> filled_;  // touched only on the consumer's executor
  bool is_awaited_ = false;
  bool is_finished_ = false;
  bool is_closed_ = false;
};

}  // namespace weir
