// The plugins of a serving process, as they lie on disk now: read again when a file of them has changed.
#pragma once
#include <chrono>
#include <memory>

#include "base/blocking.hpp"
#include "base/deadline.hpp"
#include "pg/database.hpp"
#include "plugin/catalog.hpp"
#include "weir/cli.hpp"

namespace weir::app {

class PluginWatch {
 public:
  // All references outlive this object.
  PluginWatch(const Cli& cli, BlockingPool& blocking, pg::Database& database);

  // What was read last. Never null after the first refresh().
  std::shared_ptr<const plugin::PluginCatalog> last() const { return catalog_; }
  // Looks at the disk, at most once in some seconds; then last(). What changed is logged, and tables of new resources
  // are made. Throws when the database refuses them; last() stays as it was.
  Task<std::shared_ptr<const plugin::PluginCatalog>> refresh();

 private:
  const Cli& cli_;
  BlockingPool& blocking_;
  pg::Database& database_;
  std::shared_ptr<const plugin::PluginCatalog> catalog_;
  std::string fingerprint_;  // of the files that catalog_ was read from
  Deadline next_look_ = Deadline::in(std::chrono::seconds(0));
};

}  // namespace weir::app
