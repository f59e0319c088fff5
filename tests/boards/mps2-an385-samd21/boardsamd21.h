// SPDX-License-Identifier: MIT
// The Python features of SAMD21 boards with an external flash chip: the configuration of the
// tree's own port, less what drives hardware.

#define MICROPY_HW_CODESIZE (248)

#undef MICROPY_CONFIG_ROM_LEVEL
#undef MICROPY_EMIT_THUMB
#undef MICROPY_EMIT_INLINE_THUMB
#undef MICROPY_PY_ASYNCIO
#undef MICROPY_PY_SELECT
#undef MICROPY_PY_SYS_STDIO_BUFFER
#define MICROPY_PY_ASYNCIO (0) // Its Python half would have to be frozen.
#define MICROPY_PY_SELECT (0)
#define MICROPY_PY_ONEWIRE (0)
#define MICROPY_PY_MACHINE_PIN_BOARD_CPU (0)

#include "ports/samd/mcu/samd21/mpconfigmcu.h"

#undef MICROPY_PY_SYS_STDIO_BUFFER
#define MICROPY_PY_SYS_STDIO_BUFFER (0)
#undef MICROPY_PY_OS_URANDOM
#undef MICROPY_PY_RANDOM_SEED_INIT_FUNC
#undef MICROPY_PY_MACHINE_UART_IRQ

// From ports/samd/mpconfigport.h.
#define MICROPY_ERROR_REPORTING (MICROPY_ERROR_REPORTING_TERSE)
#define MICROPY_PY_BUILTINS_COMPLEX (0)
#define MICROPY_USE_INTERNAL_ERRNO (1)
