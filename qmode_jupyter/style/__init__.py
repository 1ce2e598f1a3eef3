"""What every face shares: words, colours, tables."""
