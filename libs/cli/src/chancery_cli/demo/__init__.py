"""`chancery demo`: the whole product on sample documents, end to end."""
