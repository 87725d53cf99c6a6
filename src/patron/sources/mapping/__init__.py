"""Mapping files: how a shop's own files and tables become the contract's.

`model` is the file; `expressions` is what its SQL may be, and `context` what a column of text is taken for there;
`inputs` finds what is read, `sandbox` is where it waits and where the SQL runs, `reading` stages the result.
"""
