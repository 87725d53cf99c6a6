"""The formats that Patron reads, one a file: each finds the columns, the rows, and what cannot become a row."""
