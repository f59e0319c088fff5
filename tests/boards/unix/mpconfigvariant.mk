# SPDX-License-Identifier: MIT
# The standard variant in another configuration; mpconfigvariant.h has them.

# With the module tls, and mbedTLS in the configuration that MicroPython has for it. Debian's tree
# of MicroPython links the libraries of the system, so these are made here, from MBEDTLS.
ifneq ($(MBEDTLS),)
MBEDTLS_OUT = $(BUILD)/mbedtls
MBEDTLS_LIBS = $(patsubst %,$(MBEDTLS_OUT)/lib%.a,mbedtls mbedx509 mbedcrypto)
MBEDTLS_OBJ = $(patsubst $(MBEDTLS)/library/%.c,$(MBEDTLS_OUT)/%.o,$(wildcard $(MBEDTLS)/library/*.c))
MBEDTLS_ERRORS = $(TOP)/lib/mbedtls_errors/mp_mbedtls_errors.c
INC += -I$(MBEDTLS)/include
CFLAGS += -DMBEDTLS_CONFIG_FILE='"mbedtls/mbedtls_config_port.h"'
# As in firmware of ESP32 boards, whose sockets have getpeercert.
CFLAGS += -DMBEDTLS_SSL_KEEP_PEER_CERTIFICATE
LDFLAGS += -L$(MBEDTLS_OUT)

$(BUILD)/micropython: $(MBEDTLS_LIBS)

# One has it all.
$(MBEDTLS_OUT)/libmbedtls.a $(MBEDTLS_OUT)/libmbedx509.a: | $(MBEDTLS_OUT)
	$(AR) rcs $@

$(MBEDTLS_OUT)/libmbedcrypto.a: $(MBEDTLS_OBJ)
	$(AR) rcs $@ $^

$(filter-out %/error.o,$(MBEDTLS_OBJ)): $(MBEDTLS_OUT)/%.o: $(MBEDTLS)/library/%.c | $(MBEDTLS_OUT)
	$(CC) $(CFLAGS) -c -o $@ $<

# Firmware has the errors' names for texts.
$(MBEDTLS_OUT)/error.o: $(MBEDTLS_ERRORS) | $(MBEDTLS_OUT)
	$(CC) $(CFLAGS) -c -o $@ $<

$(MBEDTLS_OUT):
	mkdir -p $@
endif
