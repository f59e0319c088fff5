// SPDX-License-Identifier: MIT
// Configurations of firmware that the unix port can have: the standard variant, but for what the
// CONFIG_... of boards.mk says.

#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)

// Threads take turns, as on ESP32 boards.
#ifdef CONFIG_GIL
#undef MICROPY_PY_THREAD_GIL
#define MICROPY_PY_THREAD_GIL (1)
#define MICROPY_PY_THREAD_RECURSIVE_MUTEX (1) // What the port is made of needs it.
#endif

// Object representation C: a float is no object in memory, and has two bits less than single
// precision. ESP8266 boards and several STM32 have it.
#ifdef CONFIG_REPRC
#define MICROPY_OBJ_REPR (MICROPY_OBJ_REPR_C)
#define MICROPY_FLOAT_IMPL (MICROPY_FLOAT_IMPL_FLOAT)
// The port leaves these to a variant with a representation of its own.
typedef int mp_int_t;
typedef unsigned int mp_uint_t;
#endif

#ifdef CONFIG_NOFLOAT
#define MICROPY_FLOAT_IMPL (MICROPY_FLOAT_IMPL_NONE)
#endif

// Integers of at most 64 bits with their sign.
#ifdef CONFIG_LONGLONG
#define MICROPY_LONGINT_IMPL (MICROPY_LONGINT_IMPL_LONGLONG)
#endif

// Integers of at most 31 bits with their sign.
#ifdef CONFIG_SMALLINT
#define MICROPY_LONGINT_IMPL (MICROPY_LONGINT_IMPL_NONE)
#endif

// Strings of bytes, and no UnicodeError.
#ifdef CONFIG_NOUNICODE
#define MICROPY_PY_BUILTINS_STR_UNICODE (0)
#endif

// TLS, for which mpconfigvariant.mk makes mbedTLS; what is collected frees its memory.
#ifdef CONFIG_SSL
#define MICROPY_PY_SSL_FINALISER (1)
#endif

#ifdef CONFIG_PYSTACK
#define MICROPY_ENABLE_PYSTACK (1)
#endif

#ifdef CONFIG_STACKLESS
#define MICROPY_STACKLESS (1)
#define MICROPY_STACKLESS_STRICT (0)
#endif

#include "variants/mpconfigvariant_common.h"

#ifdef CONFIG_GIL
// A signal handler cannot raise an exception then.
#undef MICROPY_ASYNC_KBD_INTR
#define MICROPY_ASYNC_KBD_INTR (0)
#endif
