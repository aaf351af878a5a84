// Bundles: what a directory and an archive give, what is refused, signatures.
#include "policy/bundle/bundle.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

using namespace signalbox;
using namespace signalbox::policy;

namespace {

const std::vector<ArchiveFile> kFiles = {
    {".manifest", R"({"revision": "7", "roots": ["app", "users"]})"},
    {"app/rules.rego", "package app\n\nallow if input.user in data.users.admins\n"},
    {"users/data.json", R"({"admins": ["ann"], "n": 1.50})"},
};

std::string message_of(const std::expected<Bundle, Diagnostics>& bundle) {
  return bundle ? "" : bundle.error().front().message;
}

}  // namespace

TEST_CASE("an archive gives back the files it was made of, and the same files the same bytes") {
  std::vector<ArchiveFile> files = kFiles;
  files.push_back({"deep/" + std::string(150, 'd') + "/data.json", "{}"});
  files.push_back({"empty/data.json", ""});
  const std::string packed = pack(files);
  CHECK(pack(files) == packed);
  const auto read = unpack(packed);
  REQUIRE(read);
  REQUIRE(read->size() == files.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    CHECK((*read)[i].path == files[i].path);
    CHECK((*read)[i].bytes == files[i].bytes);
  }
}

TEST_CASE("names that lead out of an archive are refused") {
  for (const char* name : {"../x", "a/../../x", "a/..", "..", "a\\..\\x"}) {
    INFO(name);
    const auto read = unpack(pack({{name, "1"}}));
    REQUIRE_FALSE(read);
    CHECK(read.error().find("leads out of it") != std::string::npos);
  }
  CHECK(archive_path("./a//b/./c") == "a/b/c");
  CHECK(archive_path("/a").empty());
  // OPA's own archives write paths with a leading slash.
  const auto rooted = unpack(pack({{"/a/data.json", "{}"}}));
  REQUIRE(rooted);
  CHECK(rooted->front().path == "a/data.json");
}

TEST_CASE("an archive is read within its limits") {
  const std::string many = pack({{"a", "1"}, {"b", "2"}, {"c", "3"}});
  CHECK_FALSE(unpack(many, {.files = 2}));
  CHECK(unpack(many, {.files = 3}));
  // A bomb: 4 MiB of zeros are a few KiB packed.
  const std::string bomb = pack({{"zeros", std::string(4 << 20, '\0')}});
  CHECK(bomb.size() < (32u << 10));
  CHECK_FALSE(unpack(bomb, {.bytes = 1 << 20}));
  CHECK(unpack(bomb, {.bytes = 8 << 20}));
}

TEST_CASE("broken archives end in an error, wherever they break") {
  const std::string good = pack(kFiles);
  for (std::size_t length = 0; length < good.size(); length += 7) CHECK_FALSE(unpack(good.substr(0, length)));
  for (std::size_t i = 0; i < good.size(); i += 3) {
    std::string damaged = good;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x55);
    (void)unpack(damaged);  // an error or files, but no crash
  }
}

TEST_CASE("a bundle's files, manifest and document paths") {
  const auto bundle = bundle_of("b", kFiles);
  INFO(message_of(bundle));
  REQUIRE(bundle);
  REQUIRE(bundle->manifest);
  CHECK(bundle->manifest->revision == "7");
  CHECK(bundle->manifest->roots == std::vector<std::string>{"app", "users"});
  REQUIRE(bundle->files.size() == 2);
  CHECK(bundle->files[0].path == "app/rules.rego");
  const auto set = PolicySet::load(bundle->files, {});
  REQUIRE(set);
  const auto query = (*set)->prepare("data.users.admins[0]");
  REQUIRE(query);
  Evaluator evaluator;
  CHECK(to_rego(*evaluator.value(**query, JsonInput({}, {}), {})) == "\"ann\"");
}

TEST_CASE("nothing may stand outside of the manifest's roots") {
  struct Case {
    ArchiveFile file;
    const char* message;
  };
  const Case cases[] = {
      {{"x.rego", "package other\n"},
       "manifest roots [app users] do not permit 'package other' in module 'b/x.rego'"},
      {{"data.json", R"({"application": 1})"},
       "manifest roots [app users] do not permit data at path '/application' (hint: check bundle directory "
       "structure)"},
      {{".manifest", R"({"roots": ["a", "a/b"]})"}, "manifest has overlapped roots: 'a' and 'a/b'"},
      {{".manifest", R"({"roots": "a"})"}, "roots must be an array of strings"},
      {{".manifest", "[]"}, "the manifest must be an object"},
  };
  for (const Case& one : cases) {
    std::vector<ArchiveFile> files = kFiles;
    std::erase_if(files, [&](const ArchiveFile& file) { return file.path == one.file.path; });
    files.push_back(one.file);
    CHECK(message_of(bundle_of("b", files)) == one.message);
  }
}

TEST_CASE("a signed bundle: every file as it was signed, by that key") {
  const SigningKey signing{"a secret", "HS256", R"({"scope": "write"})", ""};
  const VerificationKey key{"a secret", "HS256", "write"};
  const auto signature = sign_files(kFiles, signing);
  REQUIRE(signature);
  std::vector<ArchiveFile> files = kFiles;
  files.push_back({".signatures.json", *signature});
  BundleOptions options;
  options.verification = &key;
  CHECK(message_of(bundle_of("b", files, options)).empty());

  SECTION("layout of documents does not matter, their values do") {
    files[2].bytes = "{\n  \"n\": 1.50, \"admins\": [\"ann\"]\n}";
    CHECK(message_of(bundle_of("b", files, options)).empty());
    files[2].bytes = R"({"admins": ["eve"], "n": 1.50})";
    CHECK(message_of(bundle_of("b", files, options)) == "users/data.json: digest mismatch");
  }
  SECTION("a policy is signed byte by byte") {
    files[1].bytes += " ";
    CHECK(message_of(bundle_of("b", files, options)) == "app/rules.rego: digest mismatch");
  }
  SECTION("no file more, no file less") {
    files.push_back({"app/more.rego", "package app\n"});
    CHECK(message_of(bundle_of("b", files, options)) ==
          "file app/more.rego is not included in the bundle's signature");
    files.pop_back();
    files.erase(files.begin() + 1);
    CHECK(message_of(bundle_of("b", files, options)) ==
          "file app/rules.rego is signed but not in the bundle");
  }
  SECTION("another key, another scope, no signature") {
    const VerificationKey other{"another secret", "HS256", "write"}, read{"a secret", "HS256", "read"};
    options.verification = &other;
    CHECK(message_of(bundle_of("b", files, options)) == "the bundle's signature does not hold");
    options.verification = &read;
    CHECK(message_of(bundle_of("b", files, options)) == "the signature is for another scope");
    options.verification = &key;
    CHECK(message_of(bundle_of("b", kFiles, options)) == "the bundle is not signed");
  }
}

TEST_CASE("a directory and an archive of it give the same files") {
  namespace fs = std::filesystem;
  const fs::path root = fs::temp_directory_path() / "signalbox_bundle_test";
  fs::remove_all(root);
  for (const ArchiveFile& file : kFiles) {
    fs::create_directories((root / file.path).parent_path());
    std::ofstream(root / file.path, std::ios::binary) << file.bytes;
  }
  std::ofstream(root / ".hidden") << "not of the bundle";
  const fs::path archive = root.string() + ".tar.gz";
  std::ofstream(archive, std::ios::binary) << pack(kFiles);
  const auto tree = read_bundle(root), packed = read_bundle(archive);
  fs::remove_all(root);
  fs::remove(archive);
  REQUIRE(tree);
  REQUIRE(packed);
  REQUIRE(tree->files.size() == packed->files.size());
  for (std::size_t i = 0; i < tree->files.size(); ++i) {
    CHECK(tree->files[i].path == packed->files[i].path);
    CHECK(tree->files[i].text == packed->files[i].text);
  }
  CHECK(to_json(*tree->manifest) == to_json(*packed->manifest));
}
