// SPDX-License-Identifier: MIT
// What MicroPython needs from a port. Only sleeping advances its clock.

#include <stdio.h>
#include <stdlib.h>

#include "py/builtin.h"
#include "py/gc.h"
#include "py/mphal.h"
#include "py/mpstate.h"
#include "py/smallint.h"
#include "shared/runtime/gchelper.h"

#include "fuzz.h"

uint32_t clock_ms;
uint32_t clock_limit;

void gc_collect(void) {
    gc_collect_start();
    gc_helper_collect_regs_and_stack();
    gc_collect_root((void **)&run, sizeof(run) / sizeof(void *));
    gc_collect_end();
}

void nlr_jump_fail(void *val) {
    print_obj(MP_OBJ_FROM_PTR(val));
    wrong("an exception that nobody catches");
}

void mp_hal_stdout_tx_strn_cooked(const char *str, size_t len) {
    // Only warnings are printed.
    if (run.printing) {
        run.tainted = true;
        resize_source();
    }
}

static mp_obj_t no_open(size_t n_args, const mp_obj_t *args, mp_map_t *kwargs) {
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_KW(mp_builtin_open_obj, 0, no_open);

/******************************************************************************/
// The time module

static mp_obj_t time_ticks_ms(void) {
    return MP_OBJ_NEW_SMALL_INT(clock_ms & (MICROPY_PY_TIME_TICKS_PERIOD - 1));
}
static MP_DEFINE_CONST_FUN_OBJ_0(time_ticks_ms_obj, time_ticks_ms);

static mp_obj_t time_ticks_diff(mp_obj_t end, mp_obj_t start) {
    return MP_OBJ_NEW_SMALL_INT(MP_OBJ_SMALL_INT_VALUE(end) - MP_OBJ_SMALL_INT_VALUE(start));
}
static MP_DEFINE_CONST_FUN_OBJ_2(time_ticks_diff_obj, time_ticks_diff);

static mp_obj_t time_sleep_ms(mp_obj_t ms) {
    clock_ms += mp_obj_get_int(ms);
    if (clock_ms >= clock_limit) {
        clock_limit = UINT32_MAX;
        mp_raise_type(&mp_type_KeyboardInterrupt);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(time_sleep_ms_obj, time_sleep_ms);

static const mp_rom_map_elem_t time_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_time) },
    { MP_ROM_QSTR(MP_QSTR_ticks_ms), MP_ROM_PTR(&time_ticks_ms_obj) },
    { MP_ROM_QSTR(MP_QSTR_ticks_diff), MP_ROM_PTR(&time_ticks_diff_obj) },
    { MP_ROM_QSTR(MP_QSTR_sleep_ms), MP_ROM_PTR(&time_sleep_ms_obj) },
};
static MP_DEFINE_CONST_DICT(time_globals, time_table);

const mp_obj_module_t fuzz_time_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&time_globals,
};

MP_REGISTER_MODULE(MP_QSTR_time, fuzz_time_module);
