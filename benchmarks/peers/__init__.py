"""What Patron is compared with: the same customer_360, by hand, as fast as we knew how.

Each peer has a `prepare` that loads its tables and a `full` that makes customer_360 from them, timed, and may
write it to a Parquet file afterwards.
"""
