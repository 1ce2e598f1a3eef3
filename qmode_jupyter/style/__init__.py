"""What all displays share: words, colours, tables."""
