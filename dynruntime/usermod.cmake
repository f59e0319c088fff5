# SPDX-License-Identifier: MIT
# What makes a module a user C module of firmware that is built with CMake, as usermod.mk does with
# make; see docs/usermod.md. A module's micropython.cmake includes this and calls natmod_usermod.

set(NATMOD_RUNTIME ${CMAKE_CURRENT_LIST_DIR})
file(STRINGS ${NATMOD_RUNTIME}/../VERSION NATMOD_VERSION LIMIT_COUNT 1)
string(REPLACE "." ";" NATMOD_VERSION_PARTS ${NATMOD_VERSION})

# Sets a variable to what a module's Makefile sets NAME to, as a list.
function(natmod_setting variable folder name)
    file(STRINGS ${folder}/Makefile line REGEX "^${name} *=")
    string(REGEX REPLACE "^${name} *= *" "" words "${line}")
    separate_arguments(words)
    set(${variable} ${words} PARENT_SCOPE)
endfunction()

# An INTERFACE library of MicroPython's firmware. Only its own sources are compiled with the flags.
function(natmod_library name sources definitions options)
    list(GET NATMOD_VERSION_PARTS 0 major)
    list(GET NATMOD_VERSION_PARTS 1 minor)
    list(GET NATMOD_VERSION_PARTS 2 micro)
    list(APPEND definitions NATMOD_USERMOD NATMOD_VERSION="${NATMOD_VERSION}" NATMOD_VERSION_MAJOR=${major}
        NATMOD_VERSION_MINOR=${minor} NATMOD_VERSION_MICRO=${micro})
    add_library(${name} INTERFACE)
    target_sources(${name} INTERFACE ${sources})
    target_include_directories(${name} INTERFACE ${NATMOD_RUNTIME})
    set_source_files_properties(${sources} PROPERTIES COMPILE_DEFINITIONS "${definitions}"
        COMPILE_OPTIONS "${options}")
endfunction()

# The module in a folder. usermod.c includes all its sources, so that only what is marked as externally
# visible is global in its object. The build looks for qstrs in each of them.
function(natmod_usermod folder)
    get_filename_component(name ${folder} NAME)
    natmod_setting(sources ${folder} SRC)
    natmod_setting(stack ${folder} STACK)
    if(NOT stack)
        set(stack 0)
    endif()
    list(TRANSFORM sources PREPEND ${folder}/)
    set(options -Wno-unused-parameter)
    # Clang lacks the option: there the names must differ between modules.
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        list(APPEND options -fwhole-program)
    endif()
    natmod_library(usermod_${name} "${folder}/usermod.c;${sources}" "NATMOD_STACK_RESERVE=${stack}\
;natmod_init=natmod_init_${name};natmod_state_size=natmod_state_size_${name}" "${options}")
    set_source_files_properties(${sources} PROPERTIES HEADER_FILE_ONLY ON)
    target_link_libraries(usermod_${name} INTERFACE usermod_natmod)
    target_link_libraries(usermod INTERFACE usermod_${name})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder}/Makefile)
endfunction()

# What all modules share. Memory functions and division come from the firmware's own link.
if(NOT TARGET usermod_natmod)
    file(GLOB NATMOD_SOURCES CONFIGURE_DEPENDS ${NATMOD_RUNTIME}/*.c)
    list(FILTER NATMOD_SOURCES EXCLUDE REGEX "/(mem|divide)\\.c$")
    natmod_library(usermod_natmod "${NATMOD_SOURCES}" "" -Wno-unused-parameter)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${NATMOD_RUNTIME}/../VERSION)
    # The build looks for qstrs without the sources' own flags.
    list(APPEND MICROPY_CPP_DEF_EXTRA NATMOD_USERMOD)
endif()
