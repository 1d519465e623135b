#include <fmt/format.h>

#include "base/json_text.h"
#include "config/bindings.h"
#include "config/config.h"
#include "config/redact.h"
#include "config/units.h"

namespace user_events::config {
namespace {

// A JSON string is a TOML basic string.
std::string quoted(std::string_view text) {
  std::string out;
  base::append_json_string(text, out);
  return out;
}

std::string quoted(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const auto& text : texts) out.append(out.size() > 1 ? ", " : "").append(quoted(text));
  return out + "]";
}

std::string slot_text(const TextSlot& slot) { return quoted(*slot.at); }
std::string slot_text(const ChoiceSlot& slot) {
  const std::size_t index = slot.get();
  return quoted(index < slot.names.size() ? slot.names[index] : std::string());
}
std::string slot_text(const CountSlot& slot) { return fmt::format("{}", *slot.at); }
std::string slot_text(const NumberSlot& slot) { return fmt::format("{:#}", *slot.at); }
std::string slot_text(const SizeSlot& slot) { return *slot.at == 0 ? "0" : quoted(size_text(*slot.at)); }
std::string slot_text(const DurationSlot& slot) { return quoted(duration_text(*slot.at)); }
std::string slot_text(const ListSlot& slot) { return quoted(*slot.at); }

std::string redacted(std::string_view name, std::string_view value) {
  return speaks_of_a_secret(name) ? std::string(kRedacted) : without_user_info(value);
}

// `kafka.bootstrap.servers` is written kafka."bootstrap.servers".
std::string setting_key(std::string_view name) {
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) return std::string(name);
  return fmt::format("{}.{}", name.substr(0, dot), quoted(name.substr(dot + 1)));
}

class Writer {
 public:
  explicit Writer(const Loaded& loaded) : loaded_(loaded) {}

  void line(std::string_view text) { out_.append(text).push_back('\n'); }

  /// `name` without its table; `full` is the key of `references`.
  void key(std::string_view full, std::string_view name, std::string value) {
    std::string written = setting_key(name);
    if (const auto found = loaded_.references.find(full); found != loaded_.references.end()) {
      const std::string_view suffix = found->second.from_file ? "_file" : "_env";
      written = written.ends_with('"') ? fmt::format("{}{}\"", written.substr(0, written.size() - 1), suffix)
                                       : fmt::format("{}{}", written, suffix);
      value = quoted(found->second.where);
    }
    line(fmt::format("{} = {}", written, value));
  }

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  const Loaded& loaded_;
  std::string out_;
};

void write_destination(DestinationOptions destination, Writer& writer) {
  writer.line("\n[[destination]]");
  const std::string prefix = fmt::format("destination.{}.", destination.name);
  for (const auto& binding : bind(destination)) {
    if (binding.name == "topic" && destination.topic.empty()) continue;
    // Dotted keys of a table that is written elsewhere too would be refused by TOML: retry.* stay dotted,
    // nothing opens [retry].
    writer.line(fmt::format("{} = {}", binding.name, value_text(binding)));
  }
  for (const auto& [name, value] : destination.settings)
    writer.key(prefix + name, name, quoted(redacted(name, value)));
}

}  // namespace

std::string value_text(const Binding& binding) {
  return std::visit([](const auto& slot) { return slot_text(slot); }, binding.slot);
}

std::string show(const Loaded& loaded) {
  Options options = loaded.options;
  Writer writer(loaded);
  std::string_view table;
  for (const auto& binding : bind(options)) {
    const auto dot = binding.name.find('.');
    const std::string_view group =
        dot == std::string_view::npos ? std::string_view{} : binding.name.substr(0, dot);
    const bool is_unset = binding.name == "catalogue_dir" && options.catalogue_dir.empty();
    if (is_unset) continue;
    if (group != table) writer.line(fmt::format("\n[{}]", group));
    table = group;
    writer.key(binding.name, binding.name.substr(dot == std::string_view::npos ? 0 : dot + 1),
               value_text(binding));
  }
  for (const auto& destination : options.destinations) write_destination(destination, writer);
  return writer.take();
}

}  // namespace user_events::config
