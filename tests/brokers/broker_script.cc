#include "brokers/broker_script.h"

#include <signal.h>
#include <stdio.h>

#include <fstream>
#include <stdexcept>

namespace user_events::tests {

BrokerScript::BrokerScript(std::string kind) : kind_(std::move(kind)) {}

BrokerScript::~BrokerScript() {
  try {
    kill();
  } catch (const std::exception&) {  // nothing is left to be done about it
  }
}

std::string BrokerScript::run(const std::string& arguments) const {
  FILE* output = popen((std::string(UE_BROKERS_FOLDER) + "/" + kind_ + " " + arguments).c_str(), "r");
  if (output == nullptr) throw std::runtime_error(kind_ + ": popen failed");
  std::string text;
  char buffer[256];
  while (fgets(buffer, sizeof buffer, output) != nullptr) text += buffer;
  if (pclose(output) != 0) throw std::runtime_error(kind_ + ": `" + arguments + "` failed: " + text);
  return text;
}

void BrokerScript::write_file(const std::string& name, const std::string& content) const { std::ofstream(folder() + "/" + name) << content; }

void BrokerScript::start() { port_ = std::stoi(run("start " + folder())); }
void BrokerScript::stop() { run("stop " + folder()); }
void BrokerScript::kill() { run("stop " + folder() + " --kill"); }
void BrokerScript::pause() const { signal(SIGSTOP); }
void BrokerScript::resume() const { signal(SIGCONT); }

void BrokerScript::signal(int number) const {
  int pid = 0;
  std::ifstream(folder() + "/pid") >> pid;
  if (pid <= 0 || ::kill(pid, number) != 0) throw std::runtime_error(kind_ + ": no process to send a signal to");
}

}  // namespace user_events::tests
