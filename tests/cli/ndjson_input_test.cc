#include "cli/ndjson_input.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace user_events::cli {
namespace {

using namespace std::chrono_literals;
using State = BodySource::State;

class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0); }
  ~Pipe() {
    ::close(ends_[0]);
    end();
  }
  void write(std::string_view text) const {
    EXPECT_EQ(::write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void end() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }
  [[nodiscard]] int reading_end() const { return ends_[0]; }

 private:
  std::array<int, 2> ends_{-1, -1};
};

// What one read gives; what it is when it gives nothing.
std::string read(NdjsonInput& input, std::size_t room = 1 << 16) {
  std::string out(room, '\0');
  std::size_t size = room;
  switch (input.read(out.data(), size)) {
    case State::data:
      return out.substr(0, size);
    case State::wait:
      return "(wait)";
    case State::end:
      return "(end)";
  }
  return "";
}

TEST(NdjsonInput, HandsOutWholeLinesOnly) {
  Pipe pipe;
  NdjsonInput input(pipe.reading_end(), 1h, [] {});
  pipe.write("one\ntw");
  EXPECT_TRUE(input.wait_for_input());
  EXPECT_EQ(read(input), "one\n");
  EXPECT_EQ(read(input), "(wait)");
  pipe.write("o\nthree");
  EXPECT_EQ(read(input), "two\n");
  pipe.end();
  EXPECT_EQ(read(input), "three");
  EXPECT_EQ(read(input), "(end)");
  EXPECT_FALSE(input.wait_for_input());
  EXPECT_EQ(input.lines(), 3u);
  EXPECT_EQ(input.bytes(), 13u);
}

TEST(NdjsonInput, SilenceEndsARequestAtALineAndTheNextLineBeginsAnother) {
  Pipe pipe;
  NdjsonInput input(pipe.reading_end(), 20ms, [] {});
  pipe.write("one\n");
  EXPECT_TRUE(input.wait_for_input());
  EXPECT_EQ(read(input), "one\n");
  EXPECT_EQ(read(input), "(wait)");
  std::this_thread::sleep_for(30ms);
  EXPECT_EQ(read(input), "(end)");
  pipe.write("two\n");
  EXPECT_TRUE(input.wait_for_input());
  EXPECT_EQ(read(input), "two\n");
}

TEST(NdjsonInput, ARequestThatHasSentNothingDoesNotEndBySilence) {
  Pipe pipe;
  NdjsonInput input(pipe.reading_end(), 1ms, [] {});
  pipe.write("on");
  EXPECT_TRUE(input.wait_for_input());
  std::this_thread::sleep_for(5ms);
  EXPECT_EQ(read(input), "(wait)");
}

TEST(NdjsonInput, ALineLongerThanTheBufferGoesInPiecesAndIsOneLine) {
  Pipe pipe;
  NdjsonInput input(pipe.reading_end(), 1ms, [] {});
  const std::string line = std::string(1'000'000, 'x') + "\n";
  std::thread writer([&] {
    pipe.write(line);
    pipe.end();
  });
  std::string all;
  for (std::string piece; (piece = read(input)) != "(end)";) {
    if (piece == "(wait)")
      std::this_thread::sleep_for(2ms);  // longer than the silence: within a line it ends nothing
    else
      all += piece;
  }
  writer.join();
  EXPECT_EQ(all, line);
  EXPECT_EQ(input.lines(), 1u);
}

TEST(NdjsonInput, LittleRoomSplitsALineAndCountsItOnce) {
  Pipe pipe;
  NdjsonInput input(pipe.reading_end(), 1h, [] {});
  pipe.write("abcdef\nxy\n");
  pipe.end();
  std::string all;
  for (std::string piece; (piece = read(input, 4)) != "(end)"; all += piece) EXPECT_LE(piece.size(), 4u);
  EXPECT_EQ(all, "abcdef\nxy\n");
  EXPECT_EQ(input.lines(), 2u);
}

TEST(NdjsonInput, AFailedReadIsAnErrorAndTheEnd) {
  const int folder = ::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  NdjsonInput input(folder, 1h, [] {});
  EXPECT_FALSE(input.wait_for_input());
  EXPECT_EQ(input.error(), EISDIR);
  ::close(folder);
}

}  // namespace
}  // namespace user_events::cli
