# SPDX-License-Identifier: MIT
# All modules as user C modules, for ports that are built with CMake; see ../docs/usermod.md.
file(GLOB NATMOD_MODULES ${CMAKE_CURRENT_LIST_DIR}/*/micropython.cmake)
foreach(NATMOD_MODULE ${NATMOD_MODULES})
    include(${NATMOD_MODULE})
endforeach()
