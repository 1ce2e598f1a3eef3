"""The options of the primitives, in IBM's shape."""
