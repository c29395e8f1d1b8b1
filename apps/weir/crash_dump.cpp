#include "weir/crash_dump.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace weir::app {

void forbid_crash_dumps() {
  // The limit is ignored where the kernel pipes dumps to a program; those look at the other flag.
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

}  // namespace weir::app
