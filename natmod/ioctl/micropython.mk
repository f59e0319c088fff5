include $(USERMOD_DIR)/../../dynruntime/usermod.mk
