// SPDX-License-Identifier: MIT
// The one pointer that the collector always sees.
//
// A program may delete everything that refers to this module, sys.modules included, while
// callbacks are due. Only a pointer that it cannot reach keeps them. Such a pointer is a word
// of zero-initialised data (BSS):
// - Where the firmware loads code into the GC heap, it keeps the code forever, and the code
//   holds the address of the start of the block that is the module's BSS. It does so because
//   this is the only variable (so it is the start) and has default visibility (so its address is
//   in the global offset table, which is part of the code).
// - Where code lies elsewhere, the firmware keeps the BSS block itself, from v1.24 on.

#include "finaliser.h"

#ifdef NATMOD_USERMOD

// The firmware keeps the module's functions, which refer to the state; see keeper_t in usermod.c.
void root_set(void *ptr) {
    (void)ptr;
}

#else

__attribute__((visibility("default"), externally_visible)) void *volatile natmod_root;

void root_set(void *ptr) {
    natmod_root = ptr;
}

#endif
