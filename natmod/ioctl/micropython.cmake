# SPDX-License-Identifier: MIT
include(${CMAKE_CURRENT_LIST_DIR}/../../dynruntime/usermod.cmake)
natmod_usermod(${CMAKE_CURRENT_LIST_DIR})
