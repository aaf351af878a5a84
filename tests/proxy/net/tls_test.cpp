// Files that TLS cannot use: the error says which, and what is wrong with it.
#include "proxy/net/tls.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace signalbox::proxy;

TEST_CASE("a certificate that is none, and one that may not be read") {
  std::string name = (std::filesystem::temp_directory_path() / "sb-tls-XXXXXX").string();
  ::close(::mkstemp(name.data()));
  std::ofstream(name) << "junk\n";
  ListenerTlsOptions options;
  options.mode = ClientTls::Allow;
  options.certificate_file = options.key_file = name;
  const auto junk = make_listener_tls(options);
  std::filesystem::remove(name);
  const auto missing = make_listener_tls(options);
  REQUIRE_FALSE(junk);
  CHECK(junk.error().message == "cannot use the certificate \"" + name + "\": no start line");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message == "cannot use the certificate \"" + name + "\": No such file or directory");
}
