// SPDX-License-Identifier: MIT
// What sources that are written against MicroPython's header of this name get in its place.
#ifndef NATMOD_UPSTREAM_DYNRUNTIME_H
#define NATMOD_UPSTREAM_DYNRUNTIME_H

#include_next "py/dynruntime.h"
#include "../../guards.h"

// upstream/init.c has the file's entry point, and calls the source's.
#define mpy_init natmod_upstream_init
mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args);

#endif // NATMOD_UPSTREAM_DYNRUNTIME_H
