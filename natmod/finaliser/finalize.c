// Finalizers: callbacks that run after the collection, with the heap usable.
//
// A finalizer waits in a registry that the collector always sees, and must not keep its object
// alive. So it has no pointer to the object. The object has one, in an attribute, to a handle:
// a block with the finaliser flag, which nothing else refers to. The handle dies in the same
// collection as the object. Its __del__ marks the finalizer as due and has `drain` scheduled,
// which runs what is due.
//
//     registry -> finalizer -> function, arguments
//                  |     ^
//         disguised:     |
//                  v     |
//       object <-> handle
//
// The sweep that runs __del__ may be that of another thread. So __del__ only stores bytes and
// words that nobody else stores to; the lists are changed elsewhere, under the lock.

#include <string.h>

#include "finaliser.h"

/******************************************************************************/
// The handles of an object: a chain that starts in an attribute of the object

#define ATTRIBUTE MP_OBJ_NEW_QSTR(MP_QSTR___finalize__)

static mp_obj_t *find_attribute(mp_obj_t obj) {
    mp_map_t *members = &((mp_obj_instance_t *)MP_OBJ_TO_PTR(obj))->members;
    mp_obj_t key = ATTRIBUTE;
    for (size_t i = 0; i < members->alloc; i++) {
        if (members->table[i].key == key) {
            return &members->table[i].value;
        }
    }
    return NULL;
}

// Set or (if value is MP_OBJ_NULL) delete the attribute without asking the object's class, which
// may have a __setattr__ of its own: as if the attributes were a dict.
static void store_attribute(mp_obj_t obj, mp_obj_t value) {
    mp_map_t *members = &((mp_obj_instance_t *)MP_OBJ_TO_PTR(obj))->members;
    mp_obj_dict_t dict = { { &mp_type_dict }, *members };
    mp_obj_subscr(MP_OBJ_FROM_PTR(&dict), ATTRIBUTE, value);
    *members = dict.map;
}

static void attach(mp_obj_t obj, block_t *handle) {
    mp_obj_t *value = find_attribute(obj);
    if (value == NULL) {
        store_attribute(obj, MP_OBJ_FROM_PTR(handle));
    } else {
        handle->next = MP_OBJ_TO_PTR(*value);
        *value = MP_OBJ_FROM_PTR(handle);
    }
}

static void remove_handle(mp_obj_t obj, block_t *handle) {
    mp_obj_t *value = find_attribute(obj);
    if (value == NULL) {
        return;
    }
    block_t *first = MP_OBJ_TO_PTR(*value);
    if (first == handle) {
        if (handle->next == NULL) {
            store_attribute(obj, MP_OBJ_NULL);
        } else {
            *value = MP_OBJ_FROM_PTR(handle->next);
        }
        return;
    }
    while (first != NULL && first->next != handle) {
        first = first->next;
    }
    if (first != NULL) {
        first->next = handle->next;
    }
}

/******************************************************************************/
// The registry

static block_t *get_handle(const fin_t *fin) {
    return fin->handle == 0 ? NULL : (block_t *)(fin->handle - 1);
}

static void unlink(state_t *st, fin_t *fin) {
    if (fin->next != NULL) {
        fin->next->prev = fin->prev;
    }
    if (fin->prev != NULL) {
        fin->prev->next = fin->next;
    } else {
        st->registry = fin->next;
    }
    fin->next = NULL;
    fin->prev = NULL;
}

// Make a finalizer dead and return its function, or MP_OBJ_NULL if it was dead before. The
// arguments stay, for whoever takes the function.
static mp_obj_t kill(state_t *st, fin_t *fin) {
    // The object stays alive until we are done with its attribute, for the handle, which is on
    // the stack, refers to it.
    block_t *handle = get_handle(fin);
    lock(st);
    mp_obj_t func = fin->func;
    fin->func = MP_OBJ_NULL;
    // Those in the queue stay there until run_due comes to them.
    bool linked = fin->prev != NULL || st->registry == fin;
    if (linked) {
        unlink(st, fin);
    }
    unlock(st);
    if (func != MP_OBJ_NULL && handle != NULL) {
        fin->handle = 0;
        remove_handle(handle->obj, handle);
        block_give(st, handle);
    }
    return func;
}

static mp_obj_t call(fin_t *fin, mp_obj_t func) {
    mp_obj_t *args = fin->args;
    fin->args = NULL;
    return mp_call_function_n_kw(func, fin->n_args, fin->n_kw, args);
}

/******************************************************************************/
// Running what is due

typedef struct _run_t {
    fin_t *fin;
    mp_obj_t func;
} run_t;

static void run_one(void *arg) {
    run_t *run = arg;
    call(run->fin, run->func);
}

static void print_exception(void *arg) {
    mp_obj_t *pair = arg;
    mp_call_function_n_kw(pair[0], 1, 0, &pair[1]);
}

// Call a finalizer's function. An exception is printed. Returns it if it asks for the end of
// the program, else MP_OBJ_NULL.
static mp_obj_t run_protected(state_t *st, fin_t *fin, mp_obj_t func) {
    run_t run = { fin, func };
    mp_obj_t exception = natmod_protect(run_one, &run);
    if (exception != MP_OBJ_NULL) {
        const mp_obj_type_t *type = mp_obj_get_type(exception);
        if (type == st->KeyboardInterrupt || type == st->SystemExit) {
            return exception;
        }
        mp_obj_t pair[2] = { st->print_exception, exception };
        natmod_protect(print_exception, pair);
    }
    return MP_OBJ_NULL;
}

// Move what is due from the registry to the end of the queue, keeping the order.
static void collect_due(state_t *st) {
    st->any_due = false;
    lock(st);
    fin_t *last = st->queue;
    while (last != NULL && last->next != NULL) {
        last = last->next;
    }
    for (fin_t *fin = st->registry, *next; fin != NULL; fin = next) {
        next = fin->next;
        if (fin->due) {
            unlink(st, fin);
            if (last == NULL) {
                st->queue = fin;
            } else {
                last->next = fin;
            }
            last = fin;
        }
    }
    unlock(st);
}

static fin_t *take_queue(state_t *st) {
    lock(st);
    fin_t *fin = st->queue;
    if (fin != NULL) {
        st->queue = fin->next;
        fin->next = NULL;
    }
    unlock(st);
    return fin;
}

// Run all that is due and return how many. An exception that asks for the end of the program
// gets out; what is still due then runs later.
static size_t run_due(state_t *st) {
    size_t n = 0;
    while (st->any_due || st->queue != NULL) {
        collect_due(st);
        for (fin_t *fin; (fin = take_queue(st)) != NULL;) {
            mp_obj_t func = kill(st, fin);
            if (func != MP_OBJ_NULL) {
                n++;
                mp_obj_t exception = run_protected(st, fin, func);
                if (exception != MP_OBJ_NULL) {
                    finalize_schedule(st);
                    nlr_raise(exception);
                }
            }
        }
    }
    return n;
}

// What the scheduler calls.
static mp_obj_t drain(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)n_args;
    (void)n_kw;
    (void)args;
    state_t *st = state_of(nm);
    st->scheduled = false;
    run_due(st);
    return mp_const_none;
}

mp_obj_t finalize_poll(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)n_args;
    (void)n_kw;
    (void)args;
    return MP_OBJ_NEW_SMALL_INT(run_due(state_of(nm)));
}

static void call_schedule(void *arg) {
    state_t *st = arg;
    mp_obj_t args[2] = { st->drain, mp_const_none };
    mp_call_function_n_kw(st->schedule, 2, 0, args);
}

// What the block that finalize_schedule drops calls when it dies, in the next collection.
static mp_obj_t retry(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)n_args;
    (void)n_kw;
    (void)args;
    finalize_schedule(state_of(nm));
    return mp_const_none;
}

void finalize_schedule(state_t *st) {
    if (st->scheduled || st->over || st->schedule == MP_OBJ_NULL) {
        return;
    }
    // What the scheduler is given must outlive a collection that is past marking.
    if (!st->rooted && !module_listed(st)) {
        return;
    }
    st->scheduled = true;
    if (natmod_protect(call_schedule, st) == MP_OBJ_NULL) {
        return;
    }
    // The scheduler's queue is full. Try again in the next collection: a block of the pool, from
    // where this collection has marked it, is dropped and dies in the next one.
    st->scheduled = false;
    lock(st);
    block_t *block = st->pool;
    if (block != NULL) {
        st->pool = block->next;
        block->next = NULL;
        block->obj = st->retry;
    }
    unlock(st);
}

void finalize_died(state_t *st, block_t *handle) {
    fin_t *fin = handle->fin;
    handle->fin = NULL;
    if (st->over) {
        return;
    }
    fin->handle = 0;
    fin->due = true;
    if (!st->any_due) {
        st->any_due = true;
        finalize_schedule(st);
    }
}

/******************************************************************************/
// The end

// Run what is due, and what is to run at the end, newest first. In the final sweep of a board
// the heap is locked; memory is intact, but other finalisers may have run.
static void run_all(state_t *st) {
    for (fin_t *fin; (fin = take_queue(st)) != NULL;) {
        mp_obj_t func = fin->func;
        fin->func = MP_OBJ_NULL;
        if (func != MP_OBJ_NULL) {
            run_protected(st, fin, func);
        }
    }
    while (st->registry != NULL) {
        fin_t *fin = st->registry;
        unlink(st, fin);
        mp_obj_t func = fin->func;
        fin->func = MP_OBJ_NULL;
        if (fin->atexit || fin->due) {
            run_protected(st, fin, func);
        }
    }
}

void finalize_exit(state_t *st) {
    st->over = true;
    run_all(st);
}

// What sys.atexit calls, where the firmware has that.
static mp_obj_t at_exit(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)n_args;
    (void)n_kw;
    (void)args;
    state_t *st = state_of(nm);
    run_all(st);
    if (st->before != MP_OBJ_NULL && !natmod_is_none(st->before)) {
        mp_call_function_n_kw(st->before, 0, 0, NULL);
    }
    return mp_const_none;
}

/******************************************************************************/
// The type

// finalize(obj, func, *args, **kwargs)
static mp_obj_t fin_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    state_t *st = state_of(natmod_of_type(type));
    mp_arg_check_num(n_args, n_kw, 2, 257, true);
    const mp_obj_type_t *obj_type = mp_obj_get_type(args[0]);
    if (!(obj_type->flags & MP_TYPE_FLAG_INSTANCE_TYPE)) {
        natmod_raise(st->nm.TypeError, "finalize needs an instance of a Python class");
    }
    size_t n = n_args - 2 + 2 * n_kw;
    mp_obj_t *copy = NULL;
    if (n > 0) {
        copy = m_malloc(n * sizeof(mp_obj_t));
        memcpy(copy, args + 2, n * sizeof(mp_obj_t));
    }
    fin_t *fin = m_malloc(sizeof(fin_t));
    memset(fin, 0, sizeof(fin_t));
    fin->base.type = type;
    fin->func = args[1];
    fin->args = copy;
    fin->n_args = n_args - 2;
    fin->n_kw = n_kw;
    fin->atexit = true;

    // Until the handle has its finalizer, its death means nothing; and until it hangs on the
    // object, only the stack refers to it. So an exception leaves everything as it was.
    block_t *handle = block_take(st);
    lock(st);
    if (handle < st->canary) {
        // The final sweep goes through the heap upwards. The canary must be the first to die,
        // so that the handles know.
        block_t *lower = handle;
        handle = st->canary;
        st->canary = lower;
    }
    unlock(st);
    attach(args[0], handle);
    handle->obj = args[0];
    lock(st);
    fin->next = st->registry;
    if (fin->next != NULL) {
        fin->next->prev = fin;
    }
    st->registry = fin;
    fin->handle = (uintptr_t)handle + 1;
    handle->fin = fin;
    unlock(st);
    return MP_OBJ_FROM_PTR(fin);
}

// f()
static mp_obj_t fin_call(mp_obj_t self_in, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)args;
    mp_arg_check_num(n_args, n_kw, 0, 0, false);
    fin_t *self = MP_OBJ_TO_PTR(self_in);
    mp_obj_t func = kill(state_of(natmod_of_obj(self_in)), self);
    return func == MP_OBJ_NULL ? mp_const_none : call(self, func);
}

// (obj, func, args, kwargs), or None when the object or the finalizer is dead.
static mp_obj_t describe(const fin_t *self) {
    const block_t *handle = get_handle(self);
    if (handle == NULL || self->func == MP_OBJ_NULL) {
        return mp_const_none;
    }
    mp_obj_t items[4] = {
        handle->obj,
        self->func,
        mp_obj_new_tuple(self->n_args, self->args),
        mp_obj_new_dict(self->n_kw),
    };
    for (size_t i = 0; i < self->n_kw; i++) {
        const mp_obj_t *pair = self->args + self->n_args + 2 * i;
        mp_obj_dict_store(items[3], pair[0], pair[1]);
    }
    return mp_obj_new_tuple(4, items);
}

static mp_obj_t fin_peek(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)nm;
    (void)n_args;
    (void)n_kw;
    return describe(MP_OBJ_TO_PTR(args[0]));
}

static mp_obj_t fin_detach(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)n_args;
    (void)n_kw;
    fin_t *self = MP_OBJ_TO_PTR(args[0]);
    mp_obj_t result = describe(self);
    if (!natmod_is_none(result)) {
        kill(state_of(nm), self);
        self->args = NULL;
    }
    return result;
}

static void fin_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest) {
    fin_t *self = MP_OBJ_TO_PTR(self_in);
    state_t *st = state_of(natmod_of_obj(self_in));
    if (dest[0] == MP_OBJ_NULL) {
        if (attr == MP_QSTR_alive) {
            dest[0] = mp_obj_new_bool(self->func != MP_OBJ_NULL);
        } else if (attr == MP_QSTR_atexit) {
            dest[0] = mp_obj_new_bool(self->atexit && self->func != MP_OBJ_NULL);
        } else if (attr == MP_QSTR_peek) {
            dest[0] = st->peek;
            dest[1] = self_in;
        } else if (attr == MP_QSTR_detach) {
            dest[0] = st->detach;
            dest[1] = self_in;
        }
    } else if (dest[1] != MP_OBJ_NULL && attr == MP_QSTR_atexit) {
        self->atexit = mp_obj_is_true(dest[1]);
        dest[0] = MP_OBJ_NULL;
    }
}

void finalize_init(state_t *st) {
    natmod_t *nm = &st->nm;
    mp_obj_type_t *type = natmod_type_new(nm, MP_QSTR_finalize, MP_TYPE_FLAG_NONE, 3);
    MP_OBJ_TYPE_SET_SLOT(type, make_new, fin_make_new, 1);
    MP_OBJ_TYPE_SET_SLOT(type, call, fin_call, 2);
    MP_OBJ_TYPE_SET_SLOT(type, attr, fin_attr, 3);
    st->fin_type = type;
    st->peek = natmod_fun_new(nm, fin_peek, 1, 1, false);
    st->detach = natmod_fun_new(nm, fin_detach, 1, 1, false);
    st->drain = natmod_fun_new(nm, drain, 1, 1, false);
    st->retry = natmod_fun_new(nm, retry, 0, 0, false);
    st->canary = block_take(st);
    if (st->atexit != MP_OBJ_NULL) {
        mp_obj_t fun = natmod_fun_new(nm, at_exit, 0, 0, false);
        st->before = mp_call_function_n_kw(st->atexit, 1, 0, &fun);
    }
}
