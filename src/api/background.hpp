// Work that a request begins and that may outlast it, such as the removal of a tenant with years of data. What a stop
// of the process interrupts goes on when the request is sent again.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/task_group.hpp"
#include "base/wakeup.hpp"

namespace weir::api {

class Background {
 public:
  explicit Background(Executor executor) : executor_(executor), tasks_(executor) {}

  // Starts `work` and waits for its end for at most `patience`; nullopt: it goes on. A Failure of it is its error.
  template <class T>
  Task<std::optional<Result<T>>> run(std::string name, Task<Result<T>> work, std::chrono::milliseconds patience) {
    const auto job = std::make_shared<Job<T>>(executor_);
    tasks_.spawn(std::move(name), work_on<T>(job, std::move(work)));
    if (!job->result) co_await job->ended.wait(Deadline::in(patience));
    co_return job->result;
  }
  // Also waits, past the deadline, for what cannot be cut short: the name of a host, a connection that is being made.
  Task<> stop(Deadline deadline) {
    co_await tasks_.stop(deadline);
    co_await tasks_.wait();
  }

 private:
  template <class T>
  struct Job {
    explicit Job(Executor executor) : ended(executor) {}
    std::optional<Result<T>> result;
    Wakeup ended;
  };
  template <class T>
  static Task<> work_on(std::shared_ptr<Job<T>> job, Task<Result<T>> work) {
    try {
      job->result = co_await std::move(work);
    } catch (...) {
      job->result = std::unexpected(current_error());
    }
    job->ended.notify();
  }

  Executor executor_;
  TaskGroup tasks_;
};

}  // namespace weir::api
