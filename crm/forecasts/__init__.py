"""Numbers of sales: what will close, what has closed, how fast, and how that changed from day to day."""
