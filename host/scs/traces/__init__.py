"""Current and voltage over time: storage, analysis, comparison and file formats."""
