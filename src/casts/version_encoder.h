// A destination that wants other versions than were published: events are cast before they are encoded.
#pragma once

#include <memory>

#include "base/live.h"
#include "base/type_versions.h"
#include "casts/casts.h"
#include "encoding/encoder.h"

namespace user_events::casts {

/// Casts each event to the version that `wanted` names for its type and has `inner` encode it; types that it does not name pass as they are. An
/// event that cannot be said in that version is refused. `casts` must outlive the encoder; one that is replaced counts from the next event on.
[[nodiscard]] std::unique_ptr<encoding::Encoder> make_version_encoder(const base::Live<Casts>& casts, base::TypeVersions wanted,
                                                                      std::unique_ptr<encoding::Encoder> inner);

}  // namespace user_events::casts
