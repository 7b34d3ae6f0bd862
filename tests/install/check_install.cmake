# Installs the build into a fresh prefix, moves the prefix, and builds and runs an outside project against it.
set(CMAKE_EXECUTE_PROCESS_COMMAND_ECHO STDOUT)
file(REMOVE_RECURSE ${WORK})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/first OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
set(prefix ${WORK}/moved)
file(RENAME ${WORK}/first ${prefix})

file(GLOB_RECURSE package_files ${prefix}/*.cmake)
foreach(file ${package_files})
  file(READ ${file} text)
  foreach(place ${SOURCE} ${BUILD} ${WORK})
    string(FIND "${text}" "${place}" position)
    if(NOT position EQUAL -1)
      message(FATAL_ERROR "${file} holds the path ${place}: the installed package works on this machine only")
    endif()
  endforeach()
endforeach()

file(GLOB_RECURSE others LIST_DIRECTORIES false ${prefix}/include/*)
list(FILTER others EXCLUDE REGEX "\\.h$")
if(others)
  message(FATAL_ERROR "include/ holds files that are not headers: ${others}")
endif()

execute_process(COMMAND ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/outside -B ${WORK}/build -G ${GENERATOR}
  -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_BUILD_TYPE=Release -D CMAKE_PREFIX_PATH=${prefix} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK}/build COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${WORK}/build/outside COMMAND_ERROR_IS_FATAL ANY)

execute_process(COMMAND ${prefix}/bin/gradus --version OUTPUT_VARIABLE answer COMMAND_ERROR_IS_FATAL ANY)
string(FIND "${answer}" "${VERSION}" position)
if(position EQUAL -1)
  message(FATAL_ERROR "the installed command should answer --version with ${VERSION}, got: ${answer}")
endif()
