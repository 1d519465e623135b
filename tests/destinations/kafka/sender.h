// A process that sends and saves its position, to be killed at any moment.
#pragma once

#include <cstdint>
#include <string>

namespace user_events::tests {

/// Arguments: address, topic, number of events, file of the position. Saves after every poll. Returns the
/// exit status.
int run_sender(int argc, char** argv);

/// Starts it; the process id.
int spawn_sender(const std::string& address, const std::string& topic, std::uint64_t count,
                 const std::string& state_file);

}  // namespace user_events::tests
