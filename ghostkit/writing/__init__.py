"""Outlines, sections and summaries: the plan of a book and its execution."""
