// SPDX-License-Identifier: MIT
// Text with values in it.

#include <string.h>

#include "toolkit.h"

void natmod_print(const mp_print_t *print, const char *text) {
    byte copy[32];
    size_t len = strlen(text);
    natmod_copy_text(copy, text, len);
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
    natmod_copy_text((byte *)text->data + text->len, str, len);
    text->len += len;
}
NATMOD_SLOT(print_strn, text_append)

MP_NORETURN void natmod_raise_fmt(const mp_obj_type_t *type, const char *format, ...) {
    text_t text;
    text.len = 0;
    mp_print_t print = { &text, NATMOD_ENTRY_OF(text_append) };
    va_list args;
    va_start(args, format);
    mp_vprintf(&print, format, args);
    va_end(args);
    natmod_raise_text(type, text.data, text.len);
}
