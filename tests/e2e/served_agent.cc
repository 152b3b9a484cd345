#include "tests/e2e/served_agent.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace parallax::e2e {

namespace {

bool Has(const std::vector<std::string>& flags, const std::string& flag) {
  return std::find(flags.begin(), flags.end(), flag) != flags.end();
}

}  // namespace

ServedAgent::ServedAgent(const std::string& program, const std::vector<std::string>& flags,
                         const std::map<std::string, std::string>& environment) {
  std::vector<std::string> words = {program, "serve"};
  std::map<std::string, std::string> variables = environment;
  if (!Has(flags, "--listen")) {
    words.insert(words.end(), {"--listen", "127.0.0.1:0"});
    if (!Has(flags, "--tls-client-ca") && !Has(flags, "--token-file") && !Has(flags, "--token-from")) {
      words.insert(words.end(), {"--token-from", "env:PARALLAX_AGENT_TOKEN"});
      variables["PARALLAX_AGENT_TOKEN"] = kAgentToken;
    }
  }
  words.insert(words.end(), flags.begin(), flags.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  int ends[2];
  if (pipe(ends) != 0) return;
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    for (const auto& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  close(ends[1]);
  std::string line;
  for (char byte = 0; read(ends[0], &byte, 1) == 1 && byte != '\n';) line += byte;
  close(ends[0]);
  const std::string before = "listening on ";
  const size_t at = line.find(before);
  EXPECT_NE(at, std::string::npos) << "the agent said: " << line;
  if (at == std::string::npos) return;
  const size_t begin = at + before.size();
  address_ = line.substr(begin, line.find(' ', begin) - begin);
}

ServedAgent::~ServedAgent() {
  if (pid_ <= 0) return;
  Signal(SIGCONT);
  Signal(SIGKILL);
  Wait();
}

void ServedAgent::Signal(int signal) const { kill(pid_, signal); }

int ServedAgent::Wait() {
  int status = 0;
  if (waitpid(pid_, &status, 0) != pid_) return -1;
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace parallax::e2e
