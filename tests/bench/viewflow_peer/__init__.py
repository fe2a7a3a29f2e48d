"""The same approval as a Django application of viewflow."""
