// SPDX-License-Identifier: MIT
// The module _faults makes the n-th allocation fail, or raises KeyboardInterrupt at the interpreter's
// n-th check for Ctrl-C. tests/support/inject.py uses it. Nothing happens until it is armed.

#include "py/gc.h"
#include "py/mphal.h"
#include "py/mpstate.h"
#include "py/runtime.h"

#include "faults.h"

void __real_mp_event_wait_ms(mp_uint_t timeout_ms);

enum {
    ONCE = 1, // One allocation fails.
    ON = 2, // One allocation and all later ones fail.
    COLLECT = 4, // An allocation that fails collects first, as in the firmware.
    INTERRUPT = 8, // Ctrl-C comes; no allocation fails.
};

static struct {
    unsigned int what;
    mp_int_t left; // Number of events before the first fault.
    mp_int_t done; // Number of faults so far.
} faults;

// Count an event. Return whether it must fail.
static bool is_due(unsigned int what) {
    if (!(faults.what & what) || faults.left-- > 0) {
        return false;
    }
    faults.done++;
    return true;
}

bool faults_allocation_fails(void) {
    // With the heap locked every allocation fails anyway.
    if (faults.what == 0 || gc_is_locked() || !is_due(ONCE | ON)) {
        return false;
    }
    unsigned int what = faults.what;
    if (what & ONCE) {
        faults.what = 0;
    }
    if (what & COLLECT) {
        gc_collect();
    }
    return true;
}

void faults_look(void) {
    if (faults.what != 0 && is_due(INTERRUPT)) {
        faults.what = 0;
        mp_sched_keyboard_interrupt();
    }
}

// time.sleep_ms calls this. The interpreter's loop calls faults_look by MICROPY_VM_HOOK_LOOP.
void __wrap_mp_event_wait_ms(mp_uint_t timeout_ms) {
    faults_look();
    __real_mp_event_wait_ms(timeout_ms);
}

// arm(what, n): the first n events succeed.
static mp_obj_t faults_arm(mp_obj_t what, mp_obj_t n) {
    faults.left = mp_obj_get_int(n);
    faults.done = 0;
    faults.what = mp_obj_get_int(what);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(faults_arm_obj, faults_arm);

// disarm(): return the number of faults.
static mp_obj_t faults_disarm(void) {
    faults.what = 0;
    return MP_OBJ_NEW_SMALL_INT(faults.done);
}
static MP_DEFINE_CONST_FUN_OBJ_0(faults_disarm_obj, faults_disarm);

static const mp_rom_map_elem_t faults_names[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR__faults) },
    { MP_ROM_QSTR(MP_QSTR_arm), MP_ROM_PTR(&faults_arm_obj) },
    { MP_ROM_QSTR(MP_QSTR_disarm), MP_ROM_PTR(&faults_disarm_obj) },
    { MP_ROM_QSTR(MP_QSTR_ONCE), MP_ROM_INT(ONCE) },
    { MP_ROM_QSTR(MP_QSTR_ON), MP_ROM_INT(ON) },
    { MP_ROM_QSTR(MP_QSTR_COLLECT), MP_ROM_INT(COLLECT) },
    { MP_ROM_QSTR(MP_QSTR_INTERRUPT), MP_ROM_INT(INTERRUPT) },
};
static MP_DEFINE_CONST_DICT(faults_globals, faults_names);

const mp_obj_module_t faults_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&faults_globals,
};
MP_REGISTER_MODULE(MP_QSTR__faults, faults_module);
