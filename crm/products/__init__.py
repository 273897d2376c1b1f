"""What is sold, under one name however it was spelled."""
