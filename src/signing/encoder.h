// Encoders that sign what another one makes. They stand right around the one that makes the body.
#pragma once

#include <memory>

#include "encoding/encoder.h"
#include "signing/key_book.h"

namespace user_events::signing {

/// In the form that `destination.signature` says. `book` must outlive the encoder, and know the destination.
[[nodiscard]] std::unique_ptr<encoding::Encoder> make_encoder(const KeyBook& book, const DestinationOptions& destination,
                                                              std::unique_ptr<encoding::Encoder> inner);

/// Adds the header `jws-signature`, in every format. An event whose attributes are too large for a header is refused.
[[nodiscard]] std::unique_ptr<encoding::Encoder> make_jws_encoder(const KeyBook& book, const DestinationOptions& destination,
                                                                  std::unique_ptr<encoding::Encoder> inner);

/// Adds the attribute `dssematerial`: in the body where that is a whole CloudEvent in JSON, else in the headers. One that the event came with is replaced.
/// `inner` makes bodies in one of the CloudEvents formats.
[[nodiscard]] std::unique_ptr<encoding::Encoder> make_dsse_encoder(const KeyBook& book, const DestinationOptions& destination,
                                                                   std::unique_ptr<encoding::Encoder> inner);

}  // namespace user_events::signing
