"""Where state and documents are kept: SQLite for jobs, printers, subscriptions and events; files for documents."""
