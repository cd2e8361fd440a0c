"""The device's own judgement of a profile, made on the host."""
