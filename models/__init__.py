"""The artifacts that training hands to serving: score, save, load. ONNX, npy, npz, JSON; nothing is ever unpickled."""
