"""The domain: what a shopper should see now, in plain Python and numpy."""
