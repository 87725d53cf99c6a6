"""Sample data: a believable shop of any size, made from a seed.

`chunks.py` shows the way: customers, then how they answer campaigns, what they buy and bring back, when
they visit the website, and when they need help; each is a file here. `writing.py` puts it all somewhere.
"""

from patron.sources.sample.chunks import Sample, generate
from patron.sources.sample.writing import store, write_parquet

__all__ = ["Sample", "generate", "store", "write_parquet"]
