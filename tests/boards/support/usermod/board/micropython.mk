# Our part of the firmware of each QEMU board.

SRC_USERMOD_C += $(addprefix $(USERMOD_DIR)/,clock.c start.c storage.c)

# start.c stands between the start-up code and main(), and between the UART and its reader.
LDFLAGS_USERMOD += -Wl,--wrap=main -Wl,--wrap=uart_rx_chr
