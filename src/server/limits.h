// The bounds of the HTTP side that no setting changes. docs/http.md, "Limits", names those that a client can
// meet.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace user_events::server {

inline constexpr std::size_t kMaxHeaderBytes = 16 << 10;  ///< Request line and all fields.
inline constexpr std::size_t kMaxCloudEventHeaders = 64;  ///< `ce-*` fields of one request.
inline constexpr std::size_t kFirstReadBytes = 4 << 10;   ///< Read buffer of a new connection…
inline constexpr std::size_t kMaxReadBytes = 256
                                             << 10;  ///< …and what it may grow to while a body streams in.
inline constexpr std::size_t kKeptBytes = 64 << 10;  ///< Larger buffers are given back between requests.
inline constexpr std::size_t kMaxUnsentBytes =
    512 << 10;  ///< Beyond it a stream produces nothing more until its peer reads.
inline constexpr std::size_t kNdjsonPieceLines = 1'024;      ///< Lines handed to the publisher at a time…
inline constexpr std::size_t kNdjsonPieceBytes = 256 << 10;  ///< …or this many bytes.
inline constexpr std::size_t kNdjsonPieces = 4;              ///< Pieces of one connection under way.
inline constexpr std::size_t kNdjsonSinglePieces = 512;      ///< The same with on_error=stop, one line each.
inline constexpr std::size_t kStreamPageEvents = 256;        ///< Events read at a time for an event stream.
inline constexpr std::size_t kMaxPageEvents = 1'000;         ///< `limit` of GET /v1/events.
inline constexpr std::size_t kMaxOrderBytes = 256 << 10;     ///< JSON body of what is not a publish.
inline constexpr std::size_t kMaxOrderTextBytes = 1 << 10;   ///< One text in it.
inline constexpr std::size_t kMaxOrderPatterns = 100;        ///< `types` or `states` in it.
inline constexpr std::size_t kMaxOrderFindings = 20;         ///< Told about one.
inline constexpr std::size_t kBurstHandlers = 256;           ///< At most so many before a commit may begin.
inline constexpr std::uint64_t kMaxLingerBytes =
    64 << 20;  ///< Thrown away after an early answer, then the connection is cut.
inline constexpr std::uint64_t kProgressBytes =
    1 << 10;  ///< A body must move on by this much within read_timeout.

inline constexpr std::chrono::milliseconds kLingerTime{
    2'000};  ///< How long an unread request is thrown away after an early answer.
inline constexpr std::chrono::milliseconds kHeartbeat{
    15'000};  ///< Silence of an event stream before a comment line.
inline constexpr std::chrono::milliseconds kSweep{
    250};  ///< How often deadlines are looked at (more often for shorter ones).
inline constexpr std::chrono::milliseconds kDefaultWait{10'000};  ///< `timeout` of wait=delivered…
inline constexpr std::chrono::milliseconds kMaxWait{60'000};      ///< …and its largest value.
inline constexpr std::chrono::milliseconds kAcceptPause{
    100};  ///< After accept() failed for want of descriptors.

}  // namespace user_events::server
