#include "brokers/tcp_proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <random>
#include <stdexcept>
#include <vector>

namespace user_events::tests {
namespace {

[[noreturn]] void give_up(const std::string& what) { throw std::runtime_error("tcp proxy: " + what); }

pid_t spawn(const std::vector<std::string>& words, int standard_streams) {
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, standard_streams, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, standard_streams, STDOUT_FILENO);
  pid_t process = -1;
  const int error = ::posix_spawn(&process, words[0].c_str(), &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) give_up("cannot run " + words[0]);
  return process;
}

bool is_free(int port) {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int reuse = 1;
  ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool bound = ::bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(probe);
  return bound;
}

}  // namespace

TcpProxy::TcpProxy(int target_port, int port) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) give_up("socketpair failed");
  socket_ = ends[0];
  process_ = spawn({UE_TCP_PROXY, std::to_string(target_port), std::to_string(port)}, ends[1]);
  ::close(ends[1]);
  port_ = std::stoi(read_line());
}

TcpProxy::~TcpProxy() {
  ::close(socket_);
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

std::string TcpProxy::read_line() {
  std::string line;
  for (char byte = 0; ::read(socket_, &byte, 1) == 1;) {
    if (byte == '\n') return line;
    line += byte;
  }
  give_up("it ended");
}

std::string TcpProxy::command(const std::string& line) {
  const std::string text = line + "\n";
  if (::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) give_up("it ended");
  return read_line();
}

std::uint64_t TcpProxy::swallowed() {
  return std::stoull(command("stat"));
}

int free_port() {
  int low = 32'768;
  std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> low;
  std::random_device random;
  for (int i = 0; i < 200; ++i) {
    const int port = 10'000 + static_cast<int>(random() % static_cast<unsigned>(low - 10'000));
    if (is_free(port)) return port;
  }
  give_up("no free port");
}

}  // namespace user_events::tests
