// SPDX-License-Identifier: MIT
// What the MicroPython core is built with: about the features of the esp32 and esp8266 ports.

#include <alloca.h>
#include <stddef.h>
#include <stdint.h>

#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)

#if defined(__XTENSA_WINDOWED_ABI__)
#define MICROPY_EMIT_XTENSAWIN (1)
#define MICROPY_NLR_SETJMP (1)
#define MICROPY_HW_MCU_NAME "dc233c"
#define MICROPY_STACK_LIMIT (15 * 1024)
#else
#define MICROPY_EMIT_XTENSA (1)
#define MICROPY_OBJ_REPR (MICROPY_OBJ_REPR_C)
#define MICROPY_HW_MCU_NAME "lx106"
#define MICROPY_STACK_LIMIT (15 * 1024) // The ESP8266 has 8 KB: too little for some test scripts.
#endif
#define MICROPY_HW_BOARD_NAME "qemu-xtensa"
#define MICROPY_PY_SYS_PLATFORM "qemu"

#define MICROPY_HEAP_SIZE (1048576)
#define MICROPY_ENABLE_GC (1)
#define MICROPY_MALLOC_USES_ALLOCATED_SIZE (1)
#define MICROPY_MEM_STATS (1)
#define MICROPY_WARNINGS (1)
#define MICROPY_GC_ALLOC_THRESHOLD (1)
#define MICROPY_ENABLE_EMERGENCY_EXCEPTION_BUF (1)
#define MICROPY_LONGINT_IMPL (MICROPY_LONGINT_IMPL_MPZ)
#define MICROPY_FLOAT_IMPL (MICROPY_FLOAT_IMPL_FLOAT)
#define MICROPY_HELPER_REPL (1)
#define MICROPY_KBD_EXCEPTION (1)

#define MICROPY_PERSISTENT_CODE_LOAD (1)
#define MP_PLAT_COMMIT_EXEC(buf, len, relocation) native_code_commit(buf, len, relocation)
void *native_code_commit(void *buf, size_t len, void *relocation);

#define MICROPY_VFS (1)
#define MICROPY_READER_VFS (1)
#define MICROPY_VFS_ROM (1)
#define MICROPY_VFS_ROM_IOCTL (0)
#define MICROPY_FATFS_RPATH (2)
#define MICROPY_FATFS_ENABLE_LFN (1)
#define MICROPY_FATFS_LFN_CODE_PAGE 437

#define MICROPY_PY_ASYNCIO (0) // Its Python half would have to be frozen.
#define MICROPY_PY_SYS_STDIO_BUFFER (0)

// Each start and soft reset mounts the RAM disk, see ../support/usermod/board/storage.c.
void board_init(void);
#define MICROPY_PORT_INIT_FUNC board_init()

typedef int32_t mp_int_t;
typedef uint32_t mp_uint_t;
typedef long mp_off_t;
#define MP_SSIZE_MAX (0x7fffffff)
#define UINT_FMT "%u"
#define INT_FMT "%d"

// MicroPython's libm has no such function.
#define MP_NEED_LOG2 (1)

#define MP_STATE_PORT MP_STATE_VM
