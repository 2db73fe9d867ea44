"""One module a change of the tables. A released one is never edited: another is added."""
