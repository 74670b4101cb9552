"""The command `shelfwise`: composes everything, nothing imports it."""
