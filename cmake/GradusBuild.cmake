# Compiler settings and the functions that declare gradus' folders, component folders and tests.

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # With paths taken relative to the checkout, another clone of the project hits the same cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=true
      ${CCACHE_PROGRAM})
endif()

find_package(Threads REQUIRED)
find_package(dnnl 2.6 CONFIG REQUIRED)
find_package(fmt REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PNG REQUIRED)
find_package(JPEG REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(FastFloat REQUIRED)

# Headers are included as "gradus/base/error.h" inside the tree and after installation alike.
set(GRADUS_INCLUDE_DIR ${PROJECT_BINARY_DIR}/include)
file(MAKE_DIRECTORY ${GRADUS_INCLUDE_DIR})
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/src ${GRADUS_INCLUDE_DIR}/gradus SYMBOLIC)

# -Wrestrict warns wrongly of std::string's operator+ in g++ 12 (GCC bug 105651).
add_library(gradus_options INTERFACE)
target_compile_options(gradus_options INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  -fno-math-errno -fno-trapping-math
  $<$<BOOL:${GRADUS_WERROR}>:-Werror>)
if(GRADUS_SANITIZE)
  # toml++ asks whether a letter such as an accented e is white space in a way that ends in __builtin_unreachable; what
  # compilers make of that is the right answer, "no".
  string(REPLACE ";" "," sanitizers "${GRADUS_SANITIZE}")
  target_compile_options(gradus_options INTERFACE
    -fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-sanitize=unreachable -fno-omit-frame-pointer -g)
  target_link_options(gradus_options INTERFACE -fsanitize=${sanitizers})
endif()
if(GRADUS_FUZZ)
  target_compile_options(gradus_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
target_include_directories(gradus_options INTERFACE ${GRADUS_INCLUDE_DIR})

# gradus_folder(NAME [FOLDERS dir...] [USES folder...] [LIBRARIES target...])
# The static library gradus_NAME from all .cpp of this folder and of FOLDERS below it.
function(gradus_folder name)
  cmake_parse_arguments(ARG "" "" "FOLDERS;USES;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  foreach(folder ${ARG_FOLDERS})
    file(GLOB more CONFIGURE_DEPENDS ${folder}/*.cpp)
    list(APPEND sources ${more})
  endforeach()
  add_library(gradus_${name} STATIC ${sources})
  set_target_properties(gradus_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(gradus_${name} PRIVATE $<BUILD_INTERFACE:gradus_options>)
  target_include_directories(gradus_${name} PUBLIC $<BUILD_INTERFACE:${GRADUS_INCLUDE_DIR}>)
  foreach(used ${ARG_USES})
    target_link_libraries(gradus_${name} PUBLIC gradus_${used})
  endforeach()
  target_link_libraries(gradus_${name} PRIVATE ${ARG_LIBRARIES})
  set_property(GLOBAL APPEND PROPERTY GRADUS_FOLDERS gradus_${name})
endfunction()

# gradus_register(LIBRARY FOLDER FUNCTION BASE HEADER)
# Writes `void FUNCTION(Catalog<BASE>&)`, which calls register_FILE for every FILE.cpp of FOLDER, into gradus_LIBRARY.
function(gradus_register library folder function base header)
  file(GLOB sources RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}/${folder} CONFIGURE_DEPENDS ${folder}/*.cpp)
  set(declarations "")
  set(calls "")
  foreach(source ${sources})
    string(REGEX REPLACE "\\.cpp$" "" component ${source})
    string(APPEND declarations "void register_${component}(Catalog<${base}>&);\n")
    string(APPEND calls "  register_${component}(catalog);\n")
  endforeach()
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${function}.cpp)
  file(CONFIGURE OUTPUT ${out} CONTENT
"#include \"gradus/base/catalog.h\"
#include \"${header}\"

namespace gradus {
${declarations}
void ${function}(Catalog<${base}>& catalog) {
${calls}}
}  // namespace gradus
")
  target_sources(gradus_${library} PRIVATE ${out})
endfunction()

# gradus_test(NAME USES folder... [LIBRARIES target...])
# One GoogleTest program from all .cpp of this folder; TEST_DATA is this folder's path, PROJECT_DATA the project's data/.
function(gradus_test name)
  cmake_parse_arguments(ARG "" "" "USES;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(test_${name} ${sources})
  target_link_libraries(test_${name} PRIVATE gradus_options GTest::gtest GTest::gmock GTest::gtest_main ${ARG_LIBRARIES})
  foreach(used ${ARG_USES})
    target_link_libraries(test_${name} PRIVATE gradus_${used})
  endforeach()
  target_compile_definitions(test_${name} PRIVATE
    TEST_DATA="${CMAKE_CURRENT_SOURCE_DIR}" PROJECT_DATA="${PROJECT_SOURCE_DIR}/data"
    PROJECT_ROOT="${PROJECT_SOURCE_DIR}" GRADUS_COMMAND="${PROJECT_BINARY_DIR}/bin/gradus")
  gtest_discover_tests(test_${name} TEST_PREFIX ${name}. DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)
endfunction()
