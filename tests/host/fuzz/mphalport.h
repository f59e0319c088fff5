// Nothing here needs hardware.
