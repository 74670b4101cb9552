"""The demo's shop: dunnhumby's Complete Journey as the two files a shop would hand over, with readable names."""
