"""The 43 workflow resource patterns, one executable example each; ``python -m tests.patterns`` writes the table of them."""
