#include "base/wakeup.hpp"

#include <boost/asio/redirect_error.hpp>

namespace weir {

void Wakeup::notify() {
  for (auto& waiter : waiters_) waiter.cancel();
}

Task<> Wakeup::wait(Deadline deadline) {
  const auto mine = waiters_.emplace(waiters_.end(), executor_, deadline.at());
  boost::system::error_code woken;
  co_await mine->async_wait(asio::redirect_error(asio::use_awaitable, woken));
  waiters_.erase(mine);
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none)
    throw boost::system::system_error(asio::error::operation_aborted);
}

}  // namespace weir
