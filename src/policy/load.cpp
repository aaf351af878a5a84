// Loading: source files -> AST -> checked modules -> Program. All or nothing; stages that do not need each
// other are all run, and what they found is reported together.
#include <openssl/sha.h>

#include <algorithm>
#include <iterator>

#include "policy/action_check.h"
#include "policy/compile/rule_reads.h"
#include "policy/fold.h"
#include "policy/loaded.h"
#include "policy/query_context.h"
#include "policy/syntax/parsing.h"
#include "policy/yaml/policy.h"
#include "policy/yaml/schemas.h"

namespace signalbox::policy {
namespace {

/// The entry when no file defines it: what every policy asks for. A rule that names no hook is about the
/// host's default hook: at another one its actions are those that would be asked for at any hook whatever.
constexpr std::string_view kDefaultEntryPath = "rules/gateway.rego";
std::string default_entry(const std::string& default_hook) {
  if (default_hook.empty()) {
    return "package gateway\n\nactions contains action if some action in data.policies[_].actions\n";
  }
  return R"(package gateway

actions contains action if {
	some name
	some action in data.policies[name].actions
	not misplaced(name, action)
}

misplaced(name, action) if {
	input.hook != ")" +
         default_hook + R"("
	action in data.policies[name].actions with input.hook as ""
}
)";
}

std::string content_hash(const std::vector<SourceFile>& files) {
  std::vector<const SourceFile*> sorted;
  for (const SourceFile& file : files) sorted.push_back(&file);
  std::ranges::sort(sorted, {}, &SourceFile::path);
  std::string all;
  for (const SourceFile* file : sorted) {
    all += std::to_string(file->path.size()) + ":" + file->path + std::to_string(file->text.size()) + ":" +
           file->text;
  }
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(all.data()), all.size(), digest);
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const unsigned char byte : digest) {
    out += kHex[byte >> 4];
    out += kHex[byte & 0xF];
  }
  return out;
}

struct ParsedFiles {
  std::vector<ast::Module> modules;
  /// False: what others call may be missing. No module needs a rule that a YAML policy failed to give.
  bool all_rego = true;
};

/// Collects parsed modules, and what is wrong with the others.
class ModuleReader {
 public:
  ModuleReader(const LoadOptions& options, const Vocabulary& vocabulary, Diagnostics& errors)
      : schemas_(vocabulary), errors_(errors) {
    if (options.v0_compatible) parsing_.version = ast::RegoVersion::V0;
  }

  /// `path` says what the file is, `name` is what diagnostics call it.
  void read(const std::string& path, const std::string& name, const std::string& text) {
    const auto source = ast::make_source(name, text);
    if (path.ends_with(".rego")) {
      read_rego(source);
    } else if (path.ends_with(".policy.yaml") || path.ends_with(".policy.yml")) {
      if (auto module = yaml::read_policy(source, schemas_, errors_))
        parsed.modules.push_back(std::move(*module));
    }
  }

  ParsedFiles parsed;

 private:
  void read_rego(const ast::SourcePtr& source) {
    if (auto module = ast::parse_module(source, parsing_)) {
      parsed.modules.push_back(std::move(*module));
    } else {
      parsed.all_rego = false;
      errors_.insert(errors_.end(), module.error().begin(), module.error().end());
    }
  }

  yaml::Schemas schemas_;
  Diagnostics& errors_;
  ast::ParseOptions parsing_;
};

ParsedFiles parse_files(const std::vector<SourceFile>& files, const Vocabulary& vocabulary,
                        const LoadOptions& options, Diagnostics& errors) {
  ModuleReader reader(options, vocabulary, errors);
  for (const SourceFile& file : files) {
    if (!is_data_file(file.path))
      reader.read(file.path, file.shown.empty() ? file.path : file.shown, file.text);
  }
  const bool has_policies = std::ranges::any_of(reader.parsed.modules, [](const ast::Module& module) {
    return ast::dotted_name(module.package.path).starts_with("data.policies.");
  });
  const bool has_entry = std::ranges::any_of(reader.parsed.modules, [&](const ast::Module& module) {
    return options.entry.starts_with(ast::dotted_name(module.package.path) + ".");
  });
  if (has_policies && !has_entry && options.entry == "data.gateway.actions") {
    const std::string name(kDefaultEntryPath);
    reader.read(name, name, default_entry(vocabulary.default_hook));
  }
  return std::move(reader.parsed);
}

BaseDocuments read_data(const std::vector<SourceFile>& files, const BaseDocuments* before,
                        Diagnostics& errors) {
  return read_base_documents(data_files_of(files), before, errors);
}

std::string title_of(const ast::Module& module, const ast::Rule& rule, const std::string& otherwise) {
  for (const std::uint32_t number : rule.annotations) {
    if (number < module.annotations.size() && !module.annotations[number].title.empty()) {
      return module.annotations[number].title;
    }
  }
  return otherwise;
}

}  // namespace

namespace {

/// schema, schema.acl, schema.a["b-c"]: what annotations call the file.
ast::Ref schema_name(std::string_view path) {
  ast::Ref out{{ast::make_var("schema")}};
  for (std::size_t from = 0; from < path.size();) {
    const std::size_t slash = std::min(path.find('/', from), path.size());
    std::string_view part = path.substr(from, slash - from);
    if (slash == path.size()) part = part.substr(0, part.rfind('.'));
    if (!part.empty()) out.terms.push_back(ast::make_string(std::string(part)));
    from = slash + 1;
  }
  return out;
}

}  // namespace

check::CheckOptions checking_options(const PolicySet::Loaded& loaded) {
  check::CheckOptions out;
  out.strict = loaded.options.strict;
  out.keep_prints = loaded.options.keep_prints;
  out.form = loaded.options.form;
  out.own_builtins = loaded.options.host.own_builtins;
  out.host_input = loaded.vocabulary.input_schema;
  for (const SourceFile& file : loaded.options.schemas) {
    out.schemas.push_back({schema_name(file.path), file.path.empty() ? "schema" : file.path, file.text});
  }
  return out;
}

/// What the entry reads besides its gateway rules.
std::vector<SlotRead> entry_reads(const PolicySet::Loaded& loaded, SlotUses& uses,
                                  const std::vector<std::uint32_t>& gateway_functions) {
  if (loaded.entry == kNone) return {};
  const std::uint32_t function = loaded.program.rule_sets[loaded.entry].function;
  return slots_read_besides(loaded.program, uses, function, gateway_functions);
}

/// Rules that are off read nothing. Slots that neither the entry nor another rule reads are put down to the
/// first of them: at no hook, then, are they read.
void note_what_is_off(PolicySet::Loaded& loaded, const std::vector<bool>& off,
                      const std::vector<SlotRead>& by_entry) {
  RuleReads* first = nullptr;
  std::vector<bool> read(loaded.program.slots.size());
  for (const SlotRead& one : by_entry) read[one.slot] = true;
  for (std::size_t i = 0; i < loaded.reads.size(); ++i) {
    RuleReads& rule = loaded.reads[i];
    if (off[loaded.gateway_rules[i]]) {
      rule.slots.clear();
      if (first == nullptr) first = &rule;
    }
    for (const SlotRead& one : rule.slots) read[one.slot] = true;
  }
  for (std::uint32_t slot = 0; first != nullptr && slot < read.size(); ++slot) {
    if (!read[slot]) first->slots.push_back({.slot = slot, .fields = {}});
  }
}

/// Names and reads of every rule. Rules are numbered in the order of modules and rules, defaults left out.
/// One that its data turns off can fire at no hook.
void describe_rules(PolicySet::Loaded& loaded) {
  constexpr std::string_view kPolicies = "data.policies.";
  const Program& program = loaded.program;
  const bool data_is_fixed = loaded.with_targets.documents.empty();
  std::vector<bool> off;
  std::vector<std::uint32_t> gateway_functions;
  std::size_t number = 0;
  for (const ast::Module& module : loaded.checked.modules) {
    const std::string package = ast::dotted_name(module.package.path);
    for (const ast::Rule& rule : module.rules) {
      if (rule.is_default) continue;
      auto& name = loaded.names.emplace_back();
      const RuleInfo& info = program.rules[number++];
      name.policy = package.starts_with(kPolicies) ? package.substr(kPolicies.size()) : "";
      name.rule = title_of(module, rule, info.name);
      name.at = {program.files[info.at.file], info.at.row, info.at.col};
      off.push_back(data_is_fixed && turned_off(rule, loaded.checked.modules, loaded.base.whole));
      if (off.back()) continue;
      name.hooks = hooks_of(rule);
      if (name.hooks.empty() && !loaded.vocabulary.default_hook.empty()) {
        name.hooks.push_back(loaded.vocabulary.default_hook);
      }
    }
  }
  SlotUses uses;
  for (const RuleSet& set : program.rule_sets) {
    if (!set.path.starts_with(kPolicies) || !set.path.ends_with(".actions")) continue;
    gateway_functions.push_back(set.function);
    const Function& function = program.functions[set.function];
    for (std::size_t i = 0; i < function.rule_entries.size(); ++i) {
      const std::size_t to =
          i + 1 < function.rule_entries.size() ? function.rule_entries[i + 1] : function.code.size();
      loaded.gateway_rules.push_back(function.rule_numbers[i]);
      const auto& name = loaded.names[function.rule_numbers[i]];
      loaded.reads.push_back({name.policy, name.rule, name.at, name.hooks,
                              slots_read(program, uses, function, function.rule_entries[i], to)});
    }
  }
  note_what_is_off(loaded, off, entry_reads(loaded, uses, gateway_functions));
}

void plan_modules(const PolicySet::Loaded& loaded, Program& program, WithTargets& targets,
                  const ast::Body* query, Diagnostics& errors) {
  program.host = loaded.options.host;
  program.strict_builtin_errors = loaded.options.strict_builtin_errors;
  program.optimised = loaded.options.optimise == Optimise::Yes;
  const auto all = all_builtins();
  program.builtins.assign(all.begin(), all.end());
  program.builtins.insert(program.builtins.end(), program.host.own_builtins.begin(),
                          program.host.own_builtins.end());
  Planner planner(program, errors);
  std::vector<const ast::Module*> modules;
  for (const ast::Module& module : loaded.checked.modules) {
    planner.note_with_targets(module);
    modules.push_back(&module);
  }
  if (query != nullptr) planner.note_with_targets(*query);
  planner.plan_program(modules, loaded.base.whole);
  targets = planner.with_targets();
}

namespace {

std::unexpected<Diagnostics> refused(Diagnostics errors) {
  sort_by_position(errors);
  return std::unexpected(std::move(errors));
}

}  // namespace

std::expected<std::shared_ptr<const PolicySet>, Diagnostics> PolicySet::load(std::vector<SourceFile> files,
                                                                             const Vocabulary& vocabulary,
                                                                             LoadOptions options,
                                                                             const PolicySet* before) {
  auto loaded = std::make_unique<Loaded>();
  Diagnostics errors;
  loaded->vocabulary = vocabulary;
  auto [modules, all_rego] = parse_files(files, vocabulary, options, errors);
  check_actions(modules, vocabulary, errors);
  loaded->base = read_data(files, before != nullptr ? &before->loaded_->base : nullptr, errors);
  if (!all_rego) return refused(std::move(errors));
  if (options.adapt) options.adapt(modules);

  loaded->options = std::move(options);
  auto checked = check::check_modules(std::move(modules), checking_options(*loaded));
  if (!checked) errors.insert(errors.end(), checked.error().begin(), checked.error().end());
  if (has_errors(errors)) return refused(std::move(errors));
  loaded->checked = std::move(*checked);
  loaded->warnings = loaded->checked.warnings;

  plan_modules(*loaded, loaded->program, loaded->with_targets, nullptr, errors);
  if (has_errors(errors)) return std::unexpected(errors);
  if (loaded->program.optimised && !loaded->options.keep_prints) fold_known_documents(loaded->program);
  loaded->revision = content_hash(files);
  for (std::uint32_t n = 0; n < loaded->program.rule_sets.size(); ++n) {
    if (loaded->program.rule_sets[n].path == loaded->options.entry) loaded->entry = n;
  }
  describe_rules(*loaded);
  return std::shared_ptr<const PolicySet>(new PolicySet(std::move(loaded)));
}

std::expected<std::shared_ptr<const PreparedQuery>, Diagnostics> PolicySet::prepare(
    std::string_view text, const QueryContext& context, check::QueryTypes types) const {
  const auto source = ast::make_source(context.name, std::string(text));
  const auto surroundings = surroundings_of(context, loaded_->options);
  if (!surroundings) return std::unexpected(surroundings.error());
  auto body = ast::parse_query(source, parsing_in(*surroundings));
  if (!body) return std::unexpected(body.error());
  check::CheckOptions checking = checking_options(*loaded_);
  checking.strict = false;
  checking.query_types = types;
  auto checked =
      check::check_query(std::move(*body), source, loaded_->checked, checking,
                         context.package.empty() ? nullptr : &surroundings->package, surroundings->imports);
  if (!checked) return std::unexpected(checked.error());

  auto compiled = std::make_unique<PreparedQuery::Compiled>();
  compiled->set = shared_from_this();
  Diagnostics errors;
  WithTargets targets = loaded_->with_targets;
  if (replaces_beyond_input(checked->body)) {
    compiled->own_program = std::make_unique<Program>();
    plan_modules(*loaded_, *compiled->own_program, targets, &checked->body, errors);
  }
  for (const ast::Expr& expr : checked->body) {
    if (expr.generated) continue;
    compiled->expressions.push_back(
        {std::string(expr.span.text(*source)), ast::position(*source, expr.span)});
  }
  Planner planner(compiled->program(), targets, errors);
  compiled->code = planner.plan_query(checked->body, source, checked->variables);
  if (has_errors(errors)) return std::unexpected(errors);
  return std::shared_ptr<const PreparedQuery>(new PreparedQuery(std::move(compiled)));
}

}  // namespace signalbox::policy
