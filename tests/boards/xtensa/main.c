// SPDX-License-Identifier: MIT
// A board with a REPL on its standard input and output, as far as MicroPython can tell.

#include <string.h>

#include "py/gc.h"
#include "py/mperrno.h"
#include "py/mphal.h"
#include "py/persistentcode.h"
#include "py/runtime.h"
#include "py/stackctrl.h"
#include "shared/runtime/pyexec.h"
#include "port.h"

// QEMU translates anew what is on a page that was written to: no data on the pages of code.
__asm__ (".data\n .balign 4096\n .text");

static uint32_t heap[MICROPY_HEAP_SIZE / sizeof(uint32_t)];

// Native code is outside the heap, as on ESP32 and ESP8266, and freed by a soft reset only.
static uint32_t native_code[4 * 1024 * 1024 / sizeof(uint32_t)] __attribute__((aligned(4096)));
static size_t native_code_used;

void *native_code_commit(void *buf, size_t len, void *relocation) {
    size_t words = (len + 3) / sizeof(uint32_t);
    if (words > MP_ARRAY_SIZE(native_code) - native_code_used) {
        m_malloc_fail(len);
    }
    void *place = native_code + native_code_used;
    native_code_used += words;
    if (relocation != NULL) {
        mp_native_relocate(relocation, buf, (uintptr_t)place);
    }
    return memcpy(place, buf, len);
}

// Whoever still runs any of it executes zeros, which are illegal instructions.
static void native_code_free(void) {
    memset(native_code, 0, native_code_used * sizeof(uint32_t));
    native_code_used = 0;
}

void start(void) {
    mp_stack_ctrl_init();
    mp_stack_set_limit(MICROPY_STACK_LIMIT);
    for (;;) {
        gc_init(heap, heap + MP_ARRAY_SIZE(heap));
        mp_init();
        while ((pyexec_mode_kind == PYEXEC_MODE_RAW_REPL ? pyexec_raw_repl() : pyexec_friendly_repl()) == 0) {
        }
        mp_printf(&mp_plat_print, "MPY: soft reboot\n");
        gc_sweep_all();
        native_code_free();
        mp_deinit();
    }
}

void gc_collect(void) {
    uint32_t registers[4];
    gc_collect_start();
    void **sp = save_registers(registers);
    gc_collect_root(sp, (void **)MP_STATE_THREAD(stack_top) - sp);
    gc_collect_end();
}

void nlr_jump_fail(void *val) {
    (void)val;
    mp_printf(&mp_plat_print, "uncaught NLR\n");
    port_exit(1);
    MP_UNREACHABLE
}
