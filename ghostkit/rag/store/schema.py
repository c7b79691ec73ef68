"""The tables of `chunks.sqlite`, and how such a file is told from any other.

    meta       name, value                 `epoch` (random, one a file), `version`, `terms` (the rules of terms)
    documents  num, id, text_digest, kind, chapter, section, since_chapter, title, heading, language, tags, metadata,
               revision                    where a text stands; a move changes this row and no other
    chunks     row, id, document, position, start, end, importance, length, digest
               `row` is never used twice; `length` counts terms without stop words; `digest` is that of what is embedded
    contents   row, crc, content           apart from `chunks`, so that reading all rows reads no text
    postings   term, block, data           the rows of 2,048 (`block` = row >> 11) that hold a term: see `postings.py`
    versions   version, last_row           the change log: what came after a version are the rows beyond its last row,
    removed    version, row                and what went are these

Everything here is derived from the book: a file that can't be used is set aside and made anew.
"""

from __future__ import annotations

from typing import Final

APPLICATION_ID: Final = 0x67686B63
"""`ghkc` in the file's header: a SQLite file of anybody else's is told by its lack."""
SCHEMA_VERSION: Final = 1

TABLES: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE documents (
    num INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, text_digest TEXT NOT NULL, kind TEXT NOT NULL,
    chapter INTEGER, section INTEGER, since_chapter INTEGER, title TEXT NOT NULL, heading TEXT NOT NULL,
    language TEXT NOT NULL, tags TEXT NOT NULL, metadata TEXT NOT NULL, revision INTEGER
);
CREATE TABLE chunks (
    row INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, document INTEGER NOT NULL,
    position INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL, importance REAL NOT NULL,
    length INTEGER NOT NULL, digest TEXT NOT NULL
);
CREATE INDEX chunks_of_document ON chunks (document);
CREATE TABLE contents (row INTEGER PRIMARY KEY, crc INTEGER NOT NULL, content TEXT NOT NULL);
CREATE TABLE postings (term TEXT, block INTEGER, data BLOB NOT NULL, PRIMARY KEY (term, block)) WITHOUT ROWID;
CREATE TABLE versions (version INTEGER PRIMARY KEY, last_row INTEGER NOT NULL);
CREATE TABLE removed (version INTEGER NOT NULL, row INTEGER NOT NULL);
CREATE INDEX removed_since ON removed (version);
"""
