// SPDX-License-Identifier: MIT
// A program whose lines tests/host/coverage.py counts.

static int often(int n) {
    if (n < 0) {
        return -1;
    }
    return n + 1;
}

int main(void) {
    int n = 0;
    for (int i = 0; i < 3; i++) {
        n = often(n);
    }
    return n - 3;
}
