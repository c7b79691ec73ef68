"""One file for each vendor; nothing is imported here, so that a vendor chosen costs no other vendor's SDK."""
