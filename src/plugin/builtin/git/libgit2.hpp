// Weir's use of libgit2: started once per process, hermetic (it reads no configuration of the machine or the user),
// with caches of a fixed size, and its errors as ours.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace weir::plugin::git {

// Before any other call of libgit2; from any thread, as often as you like.
void start_libgit2();

// What libgit2 said last on this thread, for the detail of an Error. Never empty.
std::string last_libgit2_error();

// An Error for a failed call: `what` says what Weir was doing and what to do about it. A full disk is recognised.
std::unexpected<Error> libgit2_failure(ErrorCode code, std::string what);

// Owns an object of libgit2: Handle<git_odb, git_odb_free>.
template <class T, auto Free>
struct FreeWith {
  void operator()(T* object) const { Free(object); }
};
template <class T, auto Free>
using Handle = std::unique_ptr<T, FreeWith<T, Free>>;

}  // namespace weir::plugin::git
