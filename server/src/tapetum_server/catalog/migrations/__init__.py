"""How the catalog's tables came to be, one step per file in `versions`."""
