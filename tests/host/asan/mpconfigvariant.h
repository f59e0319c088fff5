// SPDX-License-Identifier: MIT
// Like the standard variant, so that all tests run.

#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)

#include "../mpconfigvariant_common.h"

// The warning of a comparison of str with bytes may run Python code, as on ESP32 boards.
#define MICROPY_PY_OS_DUPTERM (1)

// The compiler knows that setjmp returns twice; AddressSanitizer needs it to.
#define MICROPY_NLR_SETJMP (1)

// Lets _faults raise KeyboardInterrupt wherever the interpreter checks for it.
void faults_look(void);
#define MICROPY_VM_HOOK_LOOP faults_look();
