// SPDX-License-Identifier: MIT
// The configuration of our QEMU boards: that of the stock port, plus what real boards have.

#include "mpconfigport.h"

// A time module over a hardware timer; a board without one defines this as 0.
#ifndef BOARD_HAS_TIME
#define BOARD_HAS_TIME (1)
#endif
#undef MICROPY_PY_TIME
#define MICROPY_PY_TIME (BOARD_HAS_TIME)

// Boards with a double precision FPU use it for Python's floats.
#ifdef BOARD_FLOAT_IMPL
#undef MICROPY_FLOAT_IMPL
#define MICROPY_FLOAT_IMPL (BOARD_FLOAT_IMPL)
#endif

// A board with other features than those of the stock port names a file that tells them.
#ifdef BOARD_CONFIG
#include BOARD_CONFIG
#endif

#define MICROPY_FATFS_RPATH (2)
#define MICROPY_FATFS_ENABLE_LFN (1)
#define MICROPY_FATFS_LFN_CODE_PAGE 437

// Each start and soft reset mounts the RAM disk, as the boot code of a real board mounts its flash.
void board_init(void);
#define MICROPY_PORT_INIT_FUNC board_init()
