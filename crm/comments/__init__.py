"""What colleagues say to each other about a sale, and whom they call in by a mention."""
