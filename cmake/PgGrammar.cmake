# Which PostgreSQL grammars are built in: SIGNALBOX_PG_GRAMMAR = debian (15, from libpg-query-dev), crate (18, from the C
# source that the crate pg_query carries; tools/lib/fetch_grammar.sh puts it into build/pg_query), or both, chosen by the
# server's version when a statement is analysed.
set(SIGNALBOX_PG_GRAMMAR "debian" CACHE STRING "PostgreSQL grammars: debian, crate or both")
set_property(CACHE SIGNALBOX_PG_GRAMMAR PROPERTY STRINGS debian crate both)
set(SIGNALBOX_PG_QUERY_SOURCE "${CMAKE_SOURCE_DIR}/build/pg_query" CACHE PATH "libpg_query's C source, for crate and both")

# The names of the library that grammar/ uses. The crate's copy gets a prefix, so that both can be in one program.
set(PG_QUERY_SYMBOLS raw_parser pg_query_init pg_query_enter_memory_context pg_query_exit_memory_context CopyErrorData
  FlushErrorState PG_exception_stack error_context_stack CurrentMemoryContext standard_conforming_strings
  escape_string_warning backslash_quote deparseRawStmt initStringInfo copyObjectImpl palloc0 lappend)

# pg_query_from_source(TARGET PREFIX SOURCE): PostgreSQL's parser and the writer of its trees (no protobuf, PL/pgSQL) as one object whose
# global names all begin with PREFIX.
function(pg_query_from_source target prefix source)
  if(NOT EXISTS ${source}/src/pg_query.c)
    message(FATAL_ERROR "libpg_query's source is not in ${source}: run tools/lib/fetch_grammar.sh, "
                        "or set SIGNALBOX_PG_QUERY_SOURCE")
  endif()
  find_program(OBJCOPY NAMES objcopy llvm-objcopy-19 REQUIRED)
  find_program(NM NAMES nm llvm-nm-19 REQUIRED)
  file(GLOB sources ${source}/src/postgres/*.c)
  list(FILTER sources EXCLUDE REGEX "src_pl_plpgsql")
  add_library(${target}_objects OBJECT ${source}/src/pg_query.c ${source}/src/postgres_deparse.c ${sources})
  target_include_directories(${target}_objects PRIVATE ${source} ${source}/vendor ${source}/src/postgres/include ${source}/src/include)
  target_compile_options(${target}_objects PRIVATE -w -O2 -ffunction-sections -fdata-sections)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${target}.o)
  add_custom_command(OUTPUT ${object}
    COMMAND ${CMAKE_SOURCE_DIR}/cmake/prefix_symbols.sh ${prefix} ${NM} ${OBJCOPY} ${object} $<TARGET_OBJECTS:${target}_objects>
    COMMAND_EXPAND_LISTS VERBATIM
    DEPENDS ${target}_objects $<TARGET_OBJECTS:${target}_objects> ${CMAKE_SOURCE_DIR}/cmake/prefix_symbols.sh)
  add_custom_target(${target}_merged DEPENDS ${object})
  add_library(${target} INTERFACE)
  add_dependencies(${target} ${target}_merged)
  target_link_libraries(${target} INTERFACE ${object} -Wl,--gc-sections)
endfunction()
