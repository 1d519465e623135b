#include "destinations/kafka/administration.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/try.h"

namespace user_events::destinations::kafka {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTimeout{15'000}, kPollPause{50};

using Options = std::unique_ptr<rd_kafka_AdminOptions_t, Releases<rd_kafka_AdminOptions_destroy>>;
using Binding = std::unique_ptr<rd_kafka_AclBinding_t, Releases<rd_kafka_AclBinding_destroy>>;

Options options_of(rd_kafka_t* client, rd_kafka_admin_op_t operation) {
  Options options(rd_kafka_AdminOptions_new(client, operation));
  std::array<char, 256> text{};
  (void)rd_kafka_AdminOptions_set_request_timeout(options.get(), static_cast<int>(kTimeout.count()), text.data(), text.size());
  return options;
}

Binding binding_of(const Acl& acl) {
  std::array<char, 256> text{};
  return Binding(rd_kafka_AclBinding_new(acl.resource, acl.name.c_str(), acl.pattern, acl.principal.c_str(), acl.host.c_str(), acl.operation, acl.permission, text.data(),
                                         text.size()));
}

Binding filter_of(const Acl& acl) {
  std::array<char, 256> text{};
  return Binding(rd_kafka_AclBindingFilter_new(acl.resource, acl.name.c_str(), acl.pattern, acl.principal.c_str(), acl.host.c_str(), acl.operation, acl.permission,
                                               text.data(), text.size()));
}

Acl acl_of(const rd_kafka_AclBinding_t* binding) {
  return {.resource = rd_kafka_AclBinding_restype(binding),
          .pattern = rd_kafka_AclBinding_resource_pattern_type(binding),
          .name = rd_kafka_AclBinding_name(binding),
          .principal = rd_kafka_AclBinding_principal(binding),
          .host = rd_kafka_AclBinding_host(binding),
          .operation = rd_kafka_AclBinding_operation(binding),
          .permission = rd_kafka_AclBinding_permission_type(binding)};
}

std::vector<rd_kafka_AclBinding_t*> pointers(const std::vector<Binding>& bindings) {
  std::vector<rd_kafka_AclBinding_t*> out;
  for (const auto& binding : bindings) out.push_back(binding.get());
  return out;
}

AccessEntry open_to_anybody(std::span<const Grant> plan) {
  AccessEntry entry{.principal = std::string(kAnybody), .goes_beyond = true, .text = "the brokers have no authorizer: everybody may do everything"};
  for (const auto& grant : plan)
    if (std::ranges::find(entry.rights, grant.right) == entry.rights.end()) entry.rights.push_back(grant.right);
  return entry;
}

bool is_login_error(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR__AUTHENTICATION || error == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED || error == RD_KAFKA_RESP_ERR__SSL;
}

}  // namespace

Result<std::unique_ptr<AccessAdministration>> KafkaAdministration::make(Config config) {
  std::unique_ptr<KafkaAdministration> self(new KafkaAdministration(std::move(config)));
  UE_TRY_ASSIGN(Conf conf, producer_conf(self->config_, {}));
  rd_kafka_conf_set_events(conf.get(), 0);
  rd_kafka_conf_set_opaque(conf.get(), self.get());
  rd_kafka_conf_set_error_cb(conf.get(), [](rd_kafka_t*, int error, const char* text, void* opaque) {
    auto& me = *static_cast<KafkaAdministration*>(opaque);
    if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && !me.connection_text_.empty()) return;
    me.connection_error_ = static_cast<rd_kafka_resp_err_t>(error);
    me.connection_text_ = text;
  });
  std::array<char, 512> text{};
  self->client_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), text.data(), text.size()));
  if (!self->client_) return fail(ErrorKind::usage, "kafka-settings", fmt::format("librdkafka refuses the settings: {}", text.data()));
  (void)conf.release();  // the client owns it now
  return self;
}

std::unexpected<Error> KafkaAdministration::failed(std::string_view what, rd_kafka_resp_err_t error, std::string_view text) const {
  const bool is_late = error == RD_KAFKA_RESP_ERR__TIMED_OUT || is_login_error(error);
  if (is_late && !connection_text_.empty()) {
    error = connection_error_;
    text = connection_text_;
  }
  std::string hint = is_login_error(error) ? scram_problem(config_) : std::string();
  if (error == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED) hint = "the administrator needs Describe and Alter on the cluster, or to be one of super.users";
  if (error == RD_KAFKA_RESP_ERR_SECURITY_DISABLED) hint = "set authorizer.class.name at the brokers: without it everybody may do everything";
  if (hint.empty()) hint = "the settings in the administrator's file are laid over the destination's";
  const bool is_refused = is_login_error(error) || error == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
  std::string line(text.empty() ? std::string_view(rd_kafka_err2str(error)) : text);
  std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return fail(is_refused ? ErrorKind::forbidden : ErrorKind::unavailable, "kafka-administration", fmt::format("{}: {}", what, line), std::move(hint));
}

Result<Event> KafkaAdministration::wait(rd_kafka_queue_t* queue, std::string_view what) {
  const auto until = std::chrono::steady_clock::now() + kTimeout + milliseconds(1'000);
  while (std::chrono::steady_clock::now() < until) {
    Event event(rd_kafka_queue_poll(queue, static_cast<int>(kPollPause.count())));
    rd_kafka_poll(client_.get(), 0);  // the error callback
    if (event) return event;
    // For librdkafka a refused login is nothing final; here nobody is going to mend it meanwhile.
    if (is_login_error(connection_error_)) return failed(what, connection_error_, connection_text_);
  }
  return failed(what, RD_KAFKA_RESP_ERR__TIMED_OUT, {});
}

Result<std::vector<rd_kafka_resp_err_t>> KafkaAdministration::delete_acls(const std::vector<Acl>& filters, std::string_view what) {
  std::vector<Binding> bindings;
  for (const auto& acl : filters) bindings.push_back(filter_of(acl));
  auto raw = pointers(bindings);
  const Queue queue(rd_kafka_queue_new(client_.get()));
  const Options options = options_of(client_.get(), RD_KAFKA_ADMIN_OP_DELETEACLS);
  rd_kafka_DeleteAcls(client_.get(), raw.data(), raw.size(), options.get(), queue.get());
  UE_TRY_ASSIGN(const Event event, wait(queue.get(), what));
  if (const auto error = rd_kafka_event_error(event.get())) return std::vector(filters.size(), error);
  std::size_t count = 0;
  const auto* results = rd_kafka_DeleteAcls_result_responses(rd_kafka_event_DeleteAcls_result(event.get()), &count);
  std::vector<rd_kafka_resp_err_t> errors(filters.size(), RD_KAFKA_RESP_ERR_NO_ERROR);
  for (std::size_t i = 0; i < std::min(count, errors.size()); ++i)
    if (const auto* error = rd_kafka_DeleteAcls_result_response_error(results[i])) errors[i] = rd_kafka_error_code(error);
  return errors;
}

Result<rd_kafka_resp_err_t> KafkaAdministration::why_there_are_none() {
  const Acl none{.name = "user-events.nothing", .principal = "User:user-events.nobody", .host = "0.0.0.0", .permission = RD_KAFKA_ACL_PERMISSION_TYPE_DENY};
  UE_TRY_ASSIGN(const auto errors, delete_acls({none}, "the ACLs cannot be read"));
  return errors.front();
}

Result<std::vector<AccessEntry>> KafkaAdministration::look(std::span<const Grant> plan) {
  constexpr std::string_view kWhat = "the ACLs cannot be read";
  const Queue queue(rd_kafka_queue_new(client_.get()));
  const Options options = options_of(client_.get(), RD_KAFKA_ADMIN_OP_DESCRIBEACLS);
  std::array<char, 256> text{};
  const Binding all(rd_kafka_AclBindingFilter_new(RD_KAFKA_RESOURCE_ANY, nullptr, RD_KAFKA_RESOURCE_PATTERN_ANY, nullptr, nullptr, RD_KAFKA_ACL_OPERATION_ANY,
                                                  RD_KAFKA_ACL_PERMISSION_TYPE_ANY, text.data(), text.size()));
  rd_kafka_DescribeAcls(client_.get(), all.get(), options.get(), queue.get());
  UE_TRY_ASSIGN(const Event event, wait(queue.get(), kWhat));
  seen_.clear();
  std::size_t count = 0;
  const rd_kafka_AclBinding_t** bindings = nullptr;
  rd_kafka_resp_err_t error = rd_kafka_event_error(event.get());
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) bindings = rd_kafka_DescribeAcls_result_acls(rd_kafka_event_DescribeAcls_result(event.get()), &count);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR && count == 0) {
    UE_TRY_ASSIGN(error, why_there_are_none());
  }
  if (error == RD_KAFKA_RESP_ERR_SECURITY_DISABLED) {
    seen_.emplace_back();
    return std::vector{open_to_anybody(plan)};
  }
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return failed(kWhat, error, {});
  std::vector<AccessEntry> entries;
  for (std::size_t i = 0; i < count; ++i) {
    Acl acl = acl_of(bindings[i]);
    auto entry = entry_of(acl, plan);
    if (!entry) continue;
    entries.push_back(*std::move(entry));
    seen_.push_back(std::move(acl));
  }
  return entries;
}

Result<std::vector<std::string>> KafkaAdministration::prepare(const AccessChanges& changes) {
  std::vector<std::string> lines;
  added_.clear();
  removed_.clear();
  for (const auto& grant : changes.add) {
    added_.push_back(kafka::acl_of(grant));
    lines.push_back("add ACL: " + text_of(added_.back()));
  }
  for (const std::size_t index : changes.remove) {
    removed_.push_back(seen_.at(index));
    lines.push_back("remove ACL: " + text_of(removed_.back()));
  }
  return lines;
}

Result<void> KafkaAdministration::create() {
  std::vector<Binding> bindings;
  for (const auto& acl : added_) bindings.push_back(binding_of(acl));
  auto raw = pointers(bindings);
  const Queue queue(rd_kafka_queue_new(client_.get()));
  const Options options = options_of(client_.get(), RD_KAFKA_ADMIN_OP_CREATEACLS);
  rd_kafka_CreateAcls(client_.get(), raw.data(), raw.size(), options.get(), queue.get());
  UE_TRY_ASSIGN(const Event event, wait(queue.get(), "ACLs cannot be added"));
  if (const auto error = rd_kafka_event_error(event.get())) return failed("ACLs cannot be added", error, rd_kafka_event_error_string(event.get()));
  std::size_t count = 0;
  const auto* results = rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i)
    if (const auto* error = rd_kafka_acl_result_error(results[i]))
      return failed("cannot add ACL: " + text_of(added_.at(i)), rd_kafka_error_code(error), rd_kafka_error_string(error));
  return {};
}

Result<void> KafkaAdministration::remove() {
  UE_TRY_ASSIGN(const auto errors, delete_acls(removed_, "ACLs cannot be removed"));
  for (std::size_t i = 0; i < errors.size(); ++i)
    if (errors[i] != RD_KAFKA_RESP_ERR_NO_ERROR) return failed("cannot remove ACL: " + text_of(removed_[i]), errors[i], {});
  return {};
}

Result<void> KafkaAdministration::apply() {
  if (!added_.empty()) UE_TRY(create());
  if (!removed_.empty()) UE_TRY(remove());
  return {};
}

}  // namespace user_events::destinations::kafka
