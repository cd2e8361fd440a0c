"""Recorded runs: folders, tables, plots and reports."""
