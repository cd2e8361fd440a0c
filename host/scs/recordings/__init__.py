"""Recorded runs: folders, tables, pictures and reports."""
