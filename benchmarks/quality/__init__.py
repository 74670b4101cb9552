"""How good the lists are on public data: every figure of docs/quality.md. Run: make bench-quality."""
