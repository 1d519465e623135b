// A broker that a script of this folder starts and stops. Failures throw std::runtime_error.
#pragma once

#include <string>

#include "support/temporary_directory.h"

namespace user_events::tests {

class BrokerScript {
 public:
  /// `kind` is the script's name. A folder of its own under $TMPDIR, nothing started yet.
  explicit BrokerScript(std::string kind);
  /// Kills the broker; then its folder goes.
  ~BrokerScript();
  BrokerScript(const BrokerScript&) = delete;
  BrokerScript& operator=(const BrokerScript&) = delete;

  /// For the server's next start.
  void write_file(const std::string& name, const std::string& content) const;
  /// Waits until it serves; does nothing while it does. Again after `stop` or `kill`: same port, same data.
  void start();
  void stop();
  void kill();
  /// It stands still, its connections open.
  void pause() const;
  void resume() const;

  [[nodiscard]] int port() const noexcept { return port_; }
  [[nodiscard]] const std::string& folder() const noexcept { return directory_.path(); }

 protected:
  /// The script with these words; what it prints. Throws unless it exits with 0.
  std::string run(const std::string& arguments) const;

 private:
  void signal(int number) const;

  const std::string kind_;
  const test::TemporaryDirectory directory_;
  int port_ = 0;
};

}  // namespace user_events::tests
