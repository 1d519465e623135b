// Bodies that are security event tokens.
#pragma once

#include <memory>

#include "destinations/set_settings.h"
#include "encoding/encoder.h"
#include "signing/key_book.h"

namespace user_events::secevents {

inline constexpr std::string_view kMediaType = "application/secevent+jwt";

/// One token an event (RFC 8417), signed with the destination's key. What has no counterpart is `nothing`. `book` must outlive the encoder, and know the destination.
[[nodiscard]] std::unique_ptr<encoding::Encoder> make_set_encoder(const signing::KeyBook& book, const DestinationOptions& destination,
                                                                  const destinations::SetSettings& settings);

}  // namespace user_events::secevents
