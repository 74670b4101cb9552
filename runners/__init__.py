"""One BentoML service per model stage, with adaptive batching, and the gateway's way to call them."""
