// SPDX-License-Identifier: MIT
// Replays inputs without libFuzzer: fuzz --target=NAME FILE... A file is one input. A file
// whose name ends in .pack has many, each after its length in two bytes, the low byte first.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long inputs;
static uint8_t *last; // The current input, which a debugger finds here after an abort.
static size_t last_size;

// Execute one input. It gets a block of its own, so that a sanitizer finds reads after its end.
static void one(const uint8_t *data, size_t size) {
    free(last);
    last = malloc(size + (size == 0));
    last_size = size;
    memcpy(last, data, size);
    inputs++;
    LLVMFuzzerTestOneInput(last, size);
}

static void replay(const char *name) {
    FILE *f = fopen(name, "rb");
    if (f == NULL) {
        perror(name);
        exit(2);
    }
    static uint8_t data[1 << 20];
    size_t size = fread(data, 1, sizeof(data), f);
    fclose(f);
    size_t len = strlen(name);
    if (len < 5 || strcmp(name + len - 5, ".pack") != 0) {
        fprintf(stderr, "%s\n", name);
        one(data, size);
        return;
    }
    for (size_t at = 0; at + 2 <= size;) {
        size_t n = data[at] | data[at + 1] << 8;
        at += 2;
        if (n > size - at) {
            fprintf(stderr, "%s is cut off\n", name);
            exit(2);
        }
        fprintf(stderr, "%s, at byte %zu\n", name, at);
        one(data + at, n);
        at += n;
    }
}

int main(int argc, char **argv) {
    LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-') {
            replay(argv[i]);
        }
    }
    printf("%lu inputs\n", inputs);
    return 0;
}
