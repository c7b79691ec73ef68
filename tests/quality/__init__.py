"""How good what ghostkit finds is, measured on public data: run by hand and by CI, never part of the tests."""
