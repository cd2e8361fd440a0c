"""Output stage, dummy load and ADC, in closed form between steps."""
