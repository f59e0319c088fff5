// SPDX-License-Identifier: MIT
// Exceptions with text or a number.

#include <string.h>

#include "toolkit.h"

void natmod_copy_text(byte *dest, const char *text, size_t len) {
    while (len-- > 0) {
        *dest++ = *text++;
    }
}

// mp_raise_msg makes a string object that refers to the text where it lies. In a native module
// that is memory which the collector may free while somebody keeps the exception.
MP_NORETURN void natmod_raise_text(const mp_obj_type_t *type, const char *text, size_t len) {
    byte *data = m_realloc_maybe(NULL, len + 1, false);
    mp_obj_str_t *str = m_realloc_maybe(NULL, sizeof(mp_obj_str_t), false);
    mp_obj_t arg = MP_OBJ_FROM_PTR(str);
    if (data != NULL && str != NULL) {
        natmod_copy_text(data, text, len);
        data[len] = 0;
        str->base.type = &mp_type_str;
        str->hash = 0; // Computed when somebody wants it.
        str->len = len;
        str->data = data;
        nlr_raise(mp_call_function_n_kw(MP_OBJ_FROM_PTR(type), 1, 0, &arg));
    }
    nlr_raise(mp_call_function_n_kw(MP_OBJ_FROM_PTR(type), 0, 0, NULL));
}

MP_NORETURN void natmod_raise_errno(const mp_obj_type_t *type, int number) {
    // Not a small int at once: on 32-bit machines an error number may be larger.
    mp_obj_t arg = mp_obj_new_int(number);
    nlr_raise(mp_call_function_n_kw(MP_OBJ_FROM_PTR(type), 1, 0, &arg));
}

MP_NORETURN void natmod_raise(const mp_obj_type_t *type, const char *text) {
    natmod_raise_text(type, text, strlen(text));
}
