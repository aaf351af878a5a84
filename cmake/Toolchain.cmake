# Compiler, language level, warnings, sanitizers. One place, for every target.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR
    "signalbox is built with clang 19 or newer (found ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}). "
    "g++ 12 destroys braced temporaries in co_await expressions twice. Install clang-19, lld-19 and "
    "libclang-rt-19-dev, or pass -DCMAKE_CXX_COMPILER=clang++-19.")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

add_link_options(-fuse-ld=lld)
# libstdc++ 12's stable_sort calls its own deprecated get_temporary_buffer: hence -Wno-deprecated-declarations.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wno-deprecated-declarations
                    -Werror=return-type -Werror=switch -fno-omit-frame-pointer)
option(SIGNALBOX_WERROR "Treat warnings as errors" ON)
if(SIGNALBOX_WERROR)
  add_compile_options(-Werror)
endif()

if(SIGNALBOX_SANITIZE)
  add_compile_options(-fsanitize=${SIGNALBOX_SANITIZE} -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${SIGNALBOX_SANITIZE})
endif()
if(SIGNALBOX_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
