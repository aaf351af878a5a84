# The policy engine as a stranger has it: installed into a folder of its own, found by find_package, and used by
# the example of docs/library.md, which is built and asked.
#   cmake -DBUILD=... -DSOURCE=... -DWORK=... -DCOMPILER=... -DFLAGS=... -P check.cmake
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${ARGN}\n${said}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix --component policy)
run(${CMAKE_COMMAND} -G Ninja -S ${SOURCE}/docs/examples/policy_library -B ${WORK}/build
    -DCMAKE_PREFIX_PATH=${WORK}/prefix -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_CXX_FLAGS=${FLAGS})
run(${CMAKE_COMMAND} --build ${WORK}/build)

file(WRITE ${WORK}/app.rego "package app\n\nallow if input.user == \"ann\"\n\nboom if 1 / input.n > 1\n")
file(WRITE ${WORK}/asked "{\"user\": \"ann\"}\n{\"user\": \"bob\"}\n{\n")
execute_process(COMMAND ${WORK}/build/may ${WORK}/app.rego data.app.allow INPUT_FILE ${WORK}/asked
                OUTPUT_VARIABLE said RESULT_VARIABLE code)
if(NOT code EQUAL 0 OR NOT said MATCHES "^true\nundefined\nno JSON: [^\n]+\n$")
  message(FATAL_ERROR "the example exited ${code} and said:\n${said}")
endif()
file(WRITE ${WORK}/bad.rego "package app\n\nallow if x > 1\n")
execute_process(COMMAND ${WORK}/build/may ${WORK}/bad.rego data.app.allow INPUT_FILE ${WORK}/asked
                ERROR_VARIABLE said RESULT_VARIABLE code)
if(NOT code EQUAL 1 OR NOT said MATCHES "bad.rego:3:10: rego_unsafe_var_error: var x is unsafe")
  message(FATAL_ERROR "a bad policy: the example exited ${code} and said:\n${said}")
endif()
