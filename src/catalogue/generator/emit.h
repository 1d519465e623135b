// The texts that the generator writes. Pure functions of the model, so the same catalogue gives the same
// bytes.
#pragma once

#include <string>

#include "catalogue/generator/model.h"

namespace user_events::catalogue::generator {

[[nodiscard]] std::string emit_events_header(const Model& model);      ///< user_events/events.h
[[nodiscard]] std::string emit_event_list(const Model& model);         ///< user_events/event_list.inc
[[nodiscard]] std::string emit_publish_methods(const Model& model);    ///< user_events/publish_methods.inc
[[nodiscard]] std::string emit_typed_data_header(const Model& model);  ///< catalogue/typed_data.h
[[nodiscard]] std::string emit_typed_data_source(const Model& model);  ///< catalogue/typed_data.cc
[[nodiscard]] std::string emit_builtin_schemas(const Model& model);    ///< catalogue/builtin_schemas.cc

}  // namespace user_events::catalogue::generator
