"""Looking into documents, and making one format of another."""
