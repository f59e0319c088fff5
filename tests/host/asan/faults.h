// SPDX-License-Identifier: MIT
// Faults on demand: see faults.c.

#include <stdbool.h>

// Whether the allocation that begins must fail.
bool faults_allocation_fails(void);

// Called when the interpreter is about to check for a pending exception.
void faults_look(void);
