// Mutual exclusion, where the firmware has threads.
//
// Between lock and unlock nothing is allocated and no Python code runs. So a thread that holds
// the lock always gets on, and the sweep of another one may wait for it.

#include "finaliser.h"

static void import_thread(void *arg) {
    state_t *st = arg;
    mp_obj_t module = mp_import_name(MP_QSTR__thread, mp_const_none, MP_OBJ_NEW_SMALL_INT(0));
    mp_obj_t object = mp_call_function_n_kw(mp_load_attr(module, MP_QSTR_allocate_lock), 0, 0, NULL);
    st->release = mp_load_attr(object, MP_QSTR_release);
    st->acquire = mp_load_attr(object, MP_QSTR_acquire);
}

void lock_init(state_t *st) {
    // An exception means that there are no threads.
    natmod_protect(import_thread, st);
}

void lock(state_t *st) {
    if (st->acquire != MP_OBJ_NULL) {
        mp_call_function_n_kw(st->acquire, 0, 0, NULL);
    }
}

void unlock(state_t *st) {
    if (st->acquire != MP_OBJ_NULL) {
        mp_call_function_n_kw(st->release, 0, 0, NULL);
    }
}
