// Policy libraries: a directory or a bundle, signed or not; a bad set changes nothing.
#include "app/policies/library.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "policy/bundle/bundle.h"

using namespace signalbox;
using namespace signalbox::app;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kPolicy = R"(package policies.p

actions contains {"action": "deny"} if input.query.kind == "drop"
)";

struct Folder {
  fs::path path = [] {
    std::string pattern = (fs::temp_directory_path() / "sb-library-XXXXXX").string();
    return fs::path(::mkdtemp(pattern.data()));
  }();
  ~Folder() { fs::remove_all(path); }

  fs::path write(const std::string& name, std::string_view bytes) const {
    std::ofstream(path / name, std::ios::binary) << bytes;
    return path / name;
  }
  /// A bundle of one policy, signed with `secret` unless that is empty.
  fs::path bundle(const std::string& secret, std::string_view policy = kPolicy) const {
    std::vector<policy::ArchiveFile> files{{"p.rego", std::string(policy)}};
    if (!secret.empty()) {
      const auto signature = policy::sign_files(files, {secret, "HS256", {}, {}});
      REQUIRE(signature);
      files.push_back({".signatures.json", *signature});
    }
    return write("policies.tar.gz", policy::pack(files));
  }
};

std::string code_of(const PolicyLocation& location) {
  const auto set = load_policies(location);
  return set ? "loaded" : set.error().front().code;
}

}  // namespace

TEST_CASE("a bundle file is loaded like the directory it was made from") {
  const Folder folder;
  fs::create_directory(folder.path / "rules");
  folder.write("rules/p.rego", kPolicy);
  const auto from_bundle = load_policies({folder.bundle("")});
  const auto from_directory = load_policies({folder.path / "rules"});
  REQUIRE(from_bundle);
  REQUIRE(from_directory);
  REQUIRE((*from_bundle)->rule_reads().size() == 1);
  CHECK((*from_bundle)->rule_reads()[0].policy == (*from_directory)->rule_reads()[0].policy);
}

TEST_CASE("where a key is set, only what it has signed is loaded") {
  const Folder folder;
  const fs::path key = folder.write("key", "secret");
  const PolicyLocation wanted{folder.path / "policies.tar.gz", key, "HS256", {}};
  folder.bundle("secret");
  CHECK(code_of(wanted) == "loaded");
  folder.bundle("another");
  CHECK(code_of(wanted) == "bundle_signature_error");
  folder.bundle("");
  CHECK(code_of(wanted) == "bundle_signature_error");
  folder.bundle("secret");
  CHECK(code_of({wanted.path, key, "HS256", "elsewhere"}) == "bundle_signature_error");
  CHECK(code_of({wanted.path, folder.path / "no-key", "HS256", {}}) == "policy_unreadable");
}

TEST_CASE("a directory must be signed too, and as it was signed") {
  const Folder folder;
  const fs::path key = folder.write("key", "secret");
  const fs::path rules = folder.path / "rules";
  fs::create_directory(rules);
  folder.write("rules/p.rego", kPolicy);
  const PolicyLocation wanted{rules, key, "HS256", {}};
  CHECK(code_of(wanted) == "bundle_signature_error");
  const auto bundle = policy::read_bundle(rules);
  REQUIRE(bundle);
  folder.write("rules/.signatures.json",
               *policy::sign_files(bundle->everything, {"secret", "HS256", {}, {}}));
  CHECK(code_of(wanted) == "loaded");
  folder.write("rules/p.rego", std::string(kPolicy) + "\nmore := 1\n");
  CHECK(code_of(wanted) == "bundle_signature_error");
}

TEST_CASE("the running policies stay when a new bundle is wrong") {
  const Folder folder;
  const fs::path key = folder.write("key", "secret");
  const SystemClock clock;
  PolicyLibrary library({folder.bundle("secret"), key, "HS256", {}}, clock);
  REQUIRE(library.reload());
  const auto running = library.current();
  folder.bundle("another", "package policies.q\n");
  CHECK_FALSE(library.reload());
  CHECK(library.current() == running);
  folder.bundle("secret", "package policies.q\n");
  CHECK(library.reload());
  CHECK(library.current() != running);
}
