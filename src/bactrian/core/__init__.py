"""The words every room uses.

errors      what goes wrong, said in one sentence
rooms       what a room announces, and how the doors find it
seeds       random generators that give the same result for any number of workers
tables      table files: CSV, TSV, XLSX, Parquet in, the same out, whole or not at all
"""
