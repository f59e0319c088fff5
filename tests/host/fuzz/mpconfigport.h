// SPDX-License-Identifier: MIT
// The interpreter that the fuzzer embeds has only what the module uses. It can neither compile nor
// import, so the harness calls the module's functions from C.

#include <alloca.h>
#include <stdint.h>

#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_CORE_FEATURES)

#define MICROPY_ENABLE_COMPILER (0)
#define MICROPY_ENABLE_EXTERNAL_IMPORT (0)
#define MICROPY_ENABLE_GC (1)
#define MICROPY_GC_ALLOC_THRESHOLD (0)
#define MICROPY_GCREGS_SETJMP (1)
#define MICROPY_NLR_SETJMP (1) // The compiler knows that setjmp returns twice.
#define MICROPY_STACK_CHECK (1)
#define MICROPY_ENABLE_PYSTACK (0)

#define MICROPY_LONGINT_IMPL (MICROPY_LONGINT_IMPL_MPZ)
#define MICROPY_FLOAT_IMPL (MICROPY_FLOAT_IMPL_DOUBLE)
#define MICROPY_ERROR_REPORTING (MICROPY_ERROR_REPORTING_NORMAL)
#define MICROPY_WARNINGS (1)
#define MICROPY_PY_STR_BYTES_CMP_WARN (1)
#define MICROPY_CPYTHON_COMPAT (1)
#define MICROPY_PY_BUILTINS_STR_UNICODE (1)
#define MICROPY_PY_BUILTINS_COMPLEX (0)
#define MICROPY_PY_COLLECTIONS_ORDEREDDICT (1)
#define MICROPY_PY_ERRNO (1)
#define MICROPY_PY_IO_IOBASE (1)
#define MICROPY_PY_MICROPYTHON_RINGIO (1)
#define MICROPY_PY_BUILTINS_MEMORYVIEW (1)
#define MICROPY_PY_BUILTINS_SLICE (1)
#define MICROPY_PY_ALL_SPECIAL_METHODS (1)
#define MICROPY_STREAMS_NON_BLOCK (1)
#define MICROPY_PY_GC (0)
#define MICROPY_PY_SYS (0)
#define MICROPY_MODULE_BUILTIN_INIT (1)
#define MICROPY_PY_IO (1)
#define MICROPY_ALLOC_PATH_MAX (64)

#ifdef __LP64__
typedef long mp_int_t;
typedef unsigned long mp_uint_t;
#else
typedef int mp_int_t;
typedef unsigned int mp_uint_t;
#endif
typedef long mp_off_t;

#define MICROPY_HW_BOARD_NAME "fuzz"
#define MICROPY_HW_MCU_NAME "host"
#define MP_STATE_PORT MP_STATE_VM
