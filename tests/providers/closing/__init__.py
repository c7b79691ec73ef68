"""How soon the vendor sees that nobody listens any more."""
