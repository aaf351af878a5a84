// PostgreSQL's own names, as sorted arrays built at compile time from blank-separated text; binary search.
// Surprise: the volatile functions are listed by what they do, so that a new one in a later version is
// "unknown", not harmless.
#include "sql/known.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace signalbox::sql {
namespace {

#include "sql/known_names.inc"

constexpr std::size_t count_words(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count(text, ' ')) + 1;
}

template <std::size_t N>
constexpr std::array<std::string_view, N> split(std::string_view text) {
  std::array<std::string_view, N> words;
  for (std::size_t i = 0; i < N; ++i) {
    const std::size_t end = std::min(text.find(' '), text.size());
    words[i] = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

constexpr auto kHarmlessFunctionList = split<count_words(kHarmlessFunctions)>(kHarmlessFunctions);
constexpr auto kOperatorList = split<count_words(kOperators)>(kOperators);
constexpr auto kTypeList = split<count_words(kTypes)>(kTypes);
static_assert(std::ranges::is_sorted(kOperatorList) && std::ranges::is_sorted(kTypeList));

struct Entry {
  std::string_view name;  ///< a trailing * stands for any ending
  std::string_view effect;
  bool changes = true;
  bool runs_sql = false;
  std::string_view effect2 = {};
};

/// First match wins, so an exception stands before its pattern.
constexpr auto kEffects = std::to_array<Entry>({
    {"pg_read_file*", "file_read", false},
    {"pg_read_binary_file", "file_read", false},
    {"pg_ls_*", "file_read", false},
    {"pg_stat_file", "file_read", false},
    {"pg_hba_file_rules", "file_read", false},
    {"pg_ident_file_mappings", "file_read", false},
    {"pg_show_all_file_settings", "file_read", false},
    {"pg_file_*", "file_write"},
    {"pg_logdir_ls", "file_read", false},
    {"lo_import", "large_object", true, false, "file_read"},
    {"lo_export", "large_object", true, false, "file_write"},
    {"lo_get", "large_object", false},
    {"lo_*", "large_object"},
    {"loread", "large_object", false},
    {"lowrite", "large_object"},
    {"query_to_xml*", "sql", true, true},
    {"cursor_to_xml*", "sql", true, true},
    {"table_to_xml*", "sql", true, true},
    {"schema_to_xml*", "sql", true, true},
    {"database_to_xml*", "sql", true, true},
    {"ts_stat", "sql", true, true},
    {"ts_rewrite", "sql", true, true},
    {"xpath_table", "sql", true, true},
    {"crosstab*", "sql", true, true},
    {"connectby", "sql", true, true},
    {"dblink*", "network", true, true, "sql"},
    {"postgres_fdw_*", "network"},
    {"set_config", "setting"},
    {"pg_advisory_*", "lock"},
    {"pg_try_advisory_*", "lock"},
    {"pg_notify", "notify"},
    {"nextval", "sequence"},
    {"setval", "sequence"},
    {"pg_cancel_backend", "process"},
    {"pg_terminate_backend", "process"},
    {"pg_log_backend_memory_contexts", "process"},
    {"pg_reload_conf", "process"},
    {"pg_rotate_logfile*", "process"},
    {"pg_promote", "process"},
    {"pg_sleep*", "wait", false},
    {"pg_switch_wal", "server"},
    {"pg_create_*", "server"},
    {"pg_copy_*", "server"},
    {"pg_drop_replication_slot", "server"},
    {"pg_backup_*", "server"},
    {"pg_start_backup", "server"},
    {"pg_stop_backup", "server"},
    {"pg_export_snapshot", "server"},
    {"pg_import_system_collations", "server"},
    {"pg_logical_*", "server"},
    {"pg_replication_*", "server"},
    {"pg_wal_replay_*", "server"},
    {"pg_stat_reset*", "server"},
    {"pg_stat_clear_snapshot", "server"},
    {"pg_stat_force_next_flush", "server"},
    {"pg_stat_statements_reset", "server"},
    {"pg_nextoid", "server"},
    {"pg_stop_making_pinned_objects", "server"},
    {"pg_extension_config_dump", "server"},
    {"pg_sync_replication_slots", "server"},
    {"pg_clear_*", "server"},
    {"pg_restore_*", "server"},
    {"binary_upgrade_*", "server"},
    {"brin_*", "server"},
    {"gin_clean_pending_list", "server"},
    {"suppress_redundant_updates_trigger", "volatile"},
    {"tsvector_update_trigger*", "volatile"},
    {"unique_key_recheck", "volatile"},
});

bool matches(std::string_view pattern, std::string_view name) {
  if (!pattern.ends_with('*')) return pattern == name;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

constexpr auto kRowReaders = std::to_array<std::string_view>({
    "any_value",
    "array_agg",
    "concat",
    "hash_record",
    "json_agg",
    "json_agg_strict",
    "json_build_array",
    "jsonb_agg",
    "jsonb_agg_strict",
    "jsonb_build_array",
    "quote_literal",
    "quote_nullable",
    "record_out",
    "record_send",
    "row_to_json",
    "to_json",
    "to_jsonb",
});
static_assert(std::ranges::is_sorted(kRowReaders));

}  // namespace

KnownFunction known_function(std::string_view name) {
  if (std::ranges::binary_search(kHarmlessFunctionList, name))
    return {.known = true, .effect = {}, .effect2 = {}};
  for (const Entry& entry : kEffects)
    if (matches(entry.name, name)) return {true, entry.changes, entry.runs_sql, entry.effect, entry.effect2};
  return {};
}

bool is_known_operator(std::string_view name) {
  return std::ranges::binary_search(kOperatorList, name);
}
bool is_known_type(std::string_view name) {
  return std::ranges::binary_search(kTypeList, name);
}
bool reveals_row(std::string_view function, int server_version) {
  const bool of_rows_too = server_version == 0 || server_version >= 18;  // max(record)
  if (of_rows_too && (function == "max" || function == "min")) return true;
  return std::ranges::binary_search(kRowReaders, function);
}

}  // namespace signalbox::sql
