// SPDX-License-Identifier: MIT
// The entry point of a module that is written against MicroPython's own py/dynruntime.h, with an
// mpy_init of its own and with functions, types and state in constants and variables.
//
// A program may delete whatever refers to the module, sys.modules included, and keep one function or
// an object of one type. These lie inside the module's code or BSS, and the collector follows only
// addresses where blocks begin, so they keep neither the BSS nor the table of qstrs alive. The
// variable below does:
// - It is where the BSS begins, because this file is linked first.
// - Where the firmware loads code into the GC heap, it keeps the code forever, and the code holds
//   the variable's address in its global offset table.
// - Where code lies elsewhere, the firmware keeps the BSS itself, from v1.24 on. (On an ESP32 or
//   ESP8266 with v1.23 nothing does.)
// - It refers to the function that the importer has made, which refers to the module's globals and
//   to its tables.
// No object that a program can reach and change has a part in this. run_mpy_ld.py checks the
// variable's place.

// Not with quotes, which would look in this folder and then not go on to MicroPython's.
#include <py/dynruntime.h>

void *volatile natmod_root;

#undef mpy_init
mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    natmod_root = self;
    return natmod_upstream_init(self, n_args, n_kw, args);
}
