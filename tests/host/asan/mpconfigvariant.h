// Like the standard variant, so that all tests run.

#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)

#include "../mpconfigvariant_common.h"

// Maps may have keys of both types.
#undef MICROPY_PY_STR_BYTES_CMP_WARN
#define MICROPY_PY_STR_BYTES_CMP_WARN (0)

// The compiler knows that setjmp returns twice; AddressSanitizer needs it to.
#define MICROPY_NLR_SETJMP (1)
