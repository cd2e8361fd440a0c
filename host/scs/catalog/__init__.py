"""The bench's parts: boards, output stages, dummy loads, leads and wiring."""
