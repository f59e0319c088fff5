// Exceptions with text.

#include <string.h>

#include "natmod.h"

// The text is a constant. On the ESP8266 these lie in memory that allows 32-bit access only, so
// nothing but code compiled for that (with -mforce-l32) may read them.
static void copy_text(byte *dest, const char *text, size_t len) {
    while (len-- > 0) {
        *dest++ = *text++;
    }
}

// mp_raise_msg makes a string object that refers to the text where it lies. In a native module
// that is memory which the collector may free while somebody keeps the exception.
MP_NORETURN static void raise_text(const mp_obj_type_t *type, const char *text, size_t len) {
    byte *data = m_realloc_maybe(NULL, len + 1, false);
    mp_obj_str_t *str = m_realloc_maybe(NULL, sizeof(mp_obj_str_t), false);
    mp_obj_t arg = MP_OBJ_FROM_PTR(str);
    if (data != NULL && str != NULL) {
        copy_text(data, text, len);
        data[len] = 0;
        str->base.type = &mp_type_str;
        str->hash = 0; // Computed when somebody wants it.
        str->len = len;
        str->data = data;
        nlr_raise(mp_call_function_n_kw(MP_OBJ_FROM_PTR(type), 1, 0, &arg));
    }
    nlr_raise(mp_call_function_n_kw(MP_OBJ_FROM_PTR(type), 0, 0, NULL));
}

MP_NORETURN void natmod_raise(const mp_obj_type_t *type, const char *text) {
    raise_text(type, text, strlen(text));
}

void natmod_print(const mp_print_t *print, const char *text) {
    byte copy[32];
    size_t len = strlen(text);
    copy_text(copy, text, len);
    print->print_strn(print->data, (const char *)copy, len);
}

typedef struct _text_t {
    size_t len;
    char data[95];
} text_t;

static void text_append(void *data, const char *str, size_t len) {
    text_t *text = data;
    size_t room = sizeof(text->data) - text->len;
    if (len > room) {
        len = room;
    }
    copy_text((byte *)text->data + text->len, str, len);
    text->len += len;
}

MP_NORETURN void natmod_raise_fmt(const mp_obj_type_t *type, const char *format, ...) {
    text_t text;
    text.len = 0;
    mp_print_t print = { &text, text_append };
    va_list args;
    va_start(args, format);
    mp_vprintf(&print, format, args);
    va_end(args);
    raise_text(type, text.data, text.len);
}
