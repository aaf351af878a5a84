"""Ways around the shipped packs (support/pack_corpus.py) to the server itself: its configuration, the code that it loads, tables made in
passing.
"""

FUNCTIONS = [
    "SELECT pg_hba_file_rules()",
    "SELECT pg_show_all_file_settings()",
    "SELECT pg_log_backend_memory_contexts(0)",
    "SELECT pg_copy_logical_replication_slot('a', 'b')",
]

POWER = [
    "ALTER DATABASE template1 SET session_preload_libraries = 'evil'",
    "SET dynamic_library_path = '/tmp'",
    "SELECT set_config('allow_system_table_mods', 'on', false)",
    "GRANT SET ON PARAMETER session_preload_libraries TO prober",
]

FROZEN = [
    "SELECT 1 AS a INTO x UNION SELECT 2",
    "WITH w AS (SELECT 1) (SELECT 1 AS a INTO x UNION SELECT 2) EXCEPT TABLE w",
    "EXPLAIN ANALYZE SELECT 1 AS a INTO x UNION SELECT 2",
]
