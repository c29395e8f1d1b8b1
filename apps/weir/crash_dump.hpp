// Secrets are in this process's memory: none of it may be written to a crash dump, nor read by another process of the
// same account.
#pragma once

namespace weir::app {

// Once, before anything else. Inherited by children until they execute another program.
void forbid_crash_dumps();

}  // namespace weir::app
