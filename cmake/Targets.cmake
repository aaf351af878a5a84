# signalbox_room(NAME LINKS ...): a room is one static library of every .cpp below its folder.
# PRECOMPILE names heavy headers that most of its files include.
function(signalbox_room name)
  cmake_parse_arguments(ROOM "" "" "LINKS;PRECOMPILE;EXCLUDE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  foreach(pattern ${ROOM_EXCLUDE})
    list(FILTER sources EXCLUDE REGEX ${pattern})
  endforeach()
  add_library(signalbox_${name} STATIC ${sources})
  target_include_directories(signalbox_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(signalbox_${name} PUBLIC ${ROOM_LINKS})
  if(ROOM_PRECOMPILE)
    target_precompile_headers(signalbox_${name} PRIVATE ${ROOM_PRECOMPILE})
  endif()
endfunction()

# signalbox_tests(NAME LINKS ...): tests/NAME/*_test.cpp become one Catch2 binary and one CTest entry.
function(signalbox_tests name)
  cmake_parse_arguments(SUITE "" "TIMEOUT" "LINKS;LABELS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*_test.cpp
                                              ${CMAKE_CURRENT_SOURCE_DIR}/${name}/support/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(test_${name} ${sources} $<TARGET_OBJECTS:catch_main>)
  target_include_directories(test_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_compile_definitions(test_${name} PRIVATE SIGNALBOX_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_link_libraries(test_${name} PRIVATE ${SUITE_LINKS})
  add_test(NAME ${name} COMMAND test_${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS "unit;${SUITE_LABELS}" TIMEOUT ${SUITE_TIMEOUT})
endfunction()

# signalbox_fuzz(NAME LINKS ...): tests/fuzz/NAME.cpp is a libFuzzer target; without SIGNALBOX_FUZZ it is
# linked with a driver that replays tests/fuzz/corpus/NAME, so that every build runs the corpus.
