#include "destinations/kafka/sender.h"

#include <spawn.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "destinations/kafka/harness.h"

namespace user_events::tests {

int run_sender(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::string state_file = argv[3];
  auto options = options_for(argv[1], {{"kafka.bootstrap.servers", argv[0]}, {"settle", "300ms"}});
  Loop loop(options, std::stoull(argv[2]), 50, load_from_file(state_file));
  // Not after every poll: a position is always somewhat behind what was sent. But before the first send, as a
  // runner does.
  constexpr std::uint64_t kPollsBetweenSaves = 5;
  std::uint64_t polls = 0;
  loop.after_poll = [&] {
    if (loop.sent() == 0 || ++polls % kPollsBetweenSaves == 0) save_to_file(loop.saved(), state_file);
  };
  loop.start();
  if (!loop.run(60s)) return 1;
  loop.close(10s);
  save_to_file(loop.saved(), state_file);
  return 0;
}

int spawn_sender(const std::string& address, const std::string& topic, std::uint64_t count,
                 const std::string& state_file) {
  std::array<std::string, 6> words = {"sender",  "--sender", address, topic, std::to_string(count),
                                      state_file};
  std::array<char*, 7> arguments{};
  for (std::size_t i = 0; i < words.size(); ++i) arguments[i] = words[i].data();
  pid_t pid = 0;
  if (posix_spawn(&pid, "/proc/self/exe", nullptr, nullptr, arguments.data(), environ) != 0)
    throw std::runtime_error("posix_spawn failed");
  return pid;
}

}  // namespace user_events::tests
