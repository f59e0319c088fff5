# SPDX-License-Identifier: MIT
# The standard variant in another configuration; mpconfigvariant.h has them.

# With the module tls, and mbedTLS in the configuration that MicroPython has for it. Debian's tree
# of MicroPython links the libraries of the system, so these are made here, from MBEDTLS.
ifneq ($(MBEDTLS),)
MBEDTLS_OUT = $(BUILD)/mbedtls
MBEDTLS_LIBS = $(patsubst %,$(MBEDTLS_OUT)/lib%.a,mbedtls mbedx509 mbedcrypto)
MBEDTLS_OBJ = $(patsubst $(MBEDTLS)/library/%.c,$(MBEDTLS_OUT)/%.o,$(wildcard $(MBEDTLS)/library/*.c))
INC += -I$(MBEDTLS)/include
CFLAGS += -DMBEDTLS_CONFIG_FILE='"mbedtls/mbedtls_config_port.h"'
LDFLAGS += -L$(MBEDTLS_OUT)

$(BUILD)/micropython: $(MBEDTLS_LIBS)

# One has it all.
$(MBEDTLS_OUT)/libmbedtls.a $(MBEDTLS_OUT)/libmbedx509.a: | $(MBEDTLS_OUT)
	$(AR) rcs $@

$(MBEDTLS_OUT)/libmbedcrypto.a: $(MBEDTLS_OBJ)
	$(AR) rcs $@ $^

$(MBEDTLS_OBJ): $(MBEDTLS_OUT)/%.o: $(MBEDTLS)/library/%.c | $(MBEDTLS_OUT)
	$(CC) $(CFLAGS) -c -o $@ $<

$(MBEDTLS_OUT):
	mkdir -p $@
endif
