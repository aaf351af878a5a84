// Starts and stops OPA.
#include "admin/support/opa_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <httplib.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <sstream>
#include <thread>

namespace signalbox::admin {
namespace {

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&at), size) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) == 0;
  ::close(fd);
  return bound ? ntohs(at.sin_port) : 0;
}

bool ready(int port) {
  httplib::Client http("127.0.0.1", port);
  for (int i = 0; i < 200; ++i) {
    if (const auto answer = http.Get("/health"); answer && answer->status == 200) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

}  // namespace

std::string opa_program() {
  std::vector<std::string> candidates;
  if (const char* named = std::getenv("SIGNALBOX_OPA")) candidates.emplace_back(named);
  const char* path = std::getenv("PATH");
  std::istringstream folders(path ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) candidates.push_back(folder + "/opa");
  for (const auto& candidate : candidates) {
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return "";
}

std::unique_ptr<OpaProcess> OpaProcess::start(const std::vector<std::string>& files) {
  const std::string program = opa_program();
  const int port = free_port();
  std::vector<std::string> words{program,    "run",
                                 "--server", "--log-level",
                                 "error",    "--skip-version-check",
                                 "--addr",   "127.0.0.1:" + std::to_string(port)};
  words.insert(words.end(), files.begin(), files.end());
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const int null = ::open("/dev/null", O_WRONLY);
    ::dup2(null, 1), ::dup2(null, 2);
    ::execv(program.c_str(), arguments.data());
    ::_exit(127);
  }
  std::unique_ptr<OpaProcess> process(new OpaProcess(pid, port));
  return ready(port) ? std::move(process) : nullptr;
}

OpaProcess::~OpaProcess() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

}  // namespace signalbox::admin
