// Runs a plan over the world and writes the answer. Resolvers write exactly one value each.
#pragma once
#include <deque>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "provider-sim/graphql/plan.hpp"
#include "provider-sim/limits/identity.hpp"
#include "provider-sim/rest/caller.hpp"
#include "provider-sim/rest/renderer.hpp"

namespace weir::sim::graphql {

// One page of a connection. Items know their sort key, so that a cursor means "after this one", whatever moved
// meanwhile.
struct Connection {
  std::size_t total = 0;
  std::size_t first = 0;  // of the page, in the whole list
  std::vector<Object> nodes{};
  std::vector<std::string> cursors{};
  bool has_next = false;
  bool has_previous = false;
};

struct Item {
  std::string key{};  // ascending texts sort as wanted; unique within the list
  Object object{};
};

class Execution {
 public:
  struct Context {
    const World& world;
    const Renderer& renderer;
    const Caller& caller;
    const Identity::Window& budget;
    std::size_t broken_node = 0;  // a fault: this element of a list is null, with an error; 0: none
  };
  Execution(Context context, const Plan& plan) : context_(context), plan_(plan), json_(out_) {}

  // {"data": …, "errors": …}
  std::string run();
  bool has_errors() const { return !errors_.empty(); }
  // The part of the answer that is different each time: rateLimit. Nothing else is.
  struct Changing {
    const PlannedField* field = nullptr;
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  const std::optional<Changing>& changing() const { return changing_; }
  bool is_repeatable() const { return errors_.empty() && !has_several_changing_ && context_.broken_node == 0; }
  std::string take() { return std::move(out_); }

  // For resolvers.
  void rate_limit(const PlannedField& field);
  JsonWriter& json() { return json_; }
  const World& world() const { return context_.world; }
  const Renderer& renderer() const { return context_.renderer; }
  const Caller& caller() const { return context_.caller; }
  const Identity::Window& budget() const { return context_.budget; }
  const Plan& plan() const { return plan_; }

  void object(const Object& object, const PlannedField& field);  // null when it has no type
  void list(const std::vector<Object>& objects, const PlannedField& field);
  // A list whose missing elements are null with an error each.
  void node_list(std::size_t count, const std::function<Object(std::size_t)>& at,
                 const std::function<std::string(std::size_t)>& missing, const PlannedField& field);
  void connection(std::string_view type, std::vector<Item> items, const PlannedField& field,
                  bool is_descending = false);
  // A list too long to make keys for: cursors are positions.
  void long_connection(std::string_view type, std::size_t total, std::string_view cursor_prefix,
                       const std::function<Object(std::size_t)>& at, const PlannedField& field);
  // null, and an error of that type beside the data.
  void refuse(std::string_view error_type, std::string message, const PlannedField& field);

  Object repository(const Repository* repository) const;
  Object account(Index index) const;  // of no type for k_none and the ghost
  Object commit(const Repository& repository, Index index) const;

 private:
  void write_fields(const Object& object, const PlannedFields& fields);
  bool check_bounds(const PlannedField& field);
  void write_connection(std::string_view type, Connection connection, const PlannedField& field);
  void add_error(std::string_view error_type, std::string message, const PlannedField* field);

  Context context_;
  const Plan& plan_;
  std::string out_;
  JsonWriter json_;
  std::vector<std::variant<std::string_view, std::size_t>> path_;
  nlohmann::json errors_ = nlohmann::json::array();
  std::deque<Connection> connections_;
  std::size_t list_elements_ = 0;
  std::optional<Changing> changing_;
  bool has_several_changing_ = false;
};

std::string render_rate_limit(const Execution::Context& context, const Plan& plan, const PlannedField& field);

std::string make_cursor(std::string_view key);
std::string read_cursor(std::string_view cursor);
std::string time_key(Time time, std::int64_t id);

}  // namespace weir::sim::graphql
