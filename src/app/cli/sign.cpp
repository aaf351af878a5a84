// signalbox sign: the signature of a bundle, as a file to lay beside it.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "app/cli/json_text.h"
#include "app/cli/opa_flags.h"
#include "app/cli/signing.h"
#include "app/cli/terminal.h"
#include "app/cli/verbs.h"
#include "policy/bundle/bundle.h"

namespace signalbox::app::cli {
namespace {

constexpr std::string_view kSignatures = ".signatures.json";

struct Options {
  std::string path, output = ".";
  SigningOptions signing;
};

std::expected<void, Diagnostics> sign_bundle(const Options& options) {
  auto bundle = policy::read_bundle(options.path);
  if (!bundle) return std::unexpected(std::move(bundle.error()));
  std::erase_if(bundle->everything, [](const auto& file) { return file.path == kSignatures; });
  const auto key = options.signing.read();
  if (!key) return std::unexpected(key.error());
  const auto signature = policy::sign_files(bundle->everything, *key);
  if (!signature) return std::unexpected(bundle_error(signature.error()));
  return write_file((std::filesystem::path(options.output) / kSignatures).string(), indented(*signature));
}

Exit sign(const Options& options) {
  if (const auto done = sign_bundle(options); !done) {
    complain(done.error());
    return Exit::Finding;
  }
  return Exit::Ok;
}

}  // namespace

void add_sign(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = root.add_subcommand("sign", "Sign a bundle: writes .signatures.json");
  verb->add_option("path", options->path, "The bundle's directory or file")->required();
  verb->add_option("-o,--output-file-path", options->output, "Directory for .signatures.json");
  verb->add_flag("-b,--bundle")->description("The path is a bundle, which it always is");
  options->signing.add_options(*verb);
  add_refused_option(*verb, "--signing-plugin", "there are no plugins for signatures: use --signing-key");
  verb->get_option("--signing-key")->required();
  verb->footer(
      "The gateway takes signed policies only where policy.verification.key is set.\n"
      "Examples:\n"
      "  openssl genrsa -out key.pem 2048 && openssl rsa -in key.pem -pubout -out public.pem\n"
      "  signalbox sign --signing-key key.pem -o rules/ rules/\n"
      "  signalbox inspect --verification-key public.pem rules/");
  verb->callback([=, &chosen] { chosen = [=] { return sign(*options); }; });
}

}  // namespace signalbox::app::cli
